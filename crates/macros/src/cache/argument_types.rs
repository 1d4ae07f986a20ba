//! What the type of an argument says against caching.

use syn::visit::{self, Visit};
use syn::{FnArg, GenericArgument, PathArguments, PathSegment, Type, TypeReference};

use super::arguments::{Arguments, name_of, source};
use super::function::Function;
use super::mistakes::Mistakes;

/// Arguments that can be changed must be skipped, and lifetimes must be seen.
pub(crate) fn check(function: &Function, arguments: &Arguments, mistakes: &mut Mistakes) {
    for input in &function.signature.inputs {
        let Ok(name) = name_of(input) else { continue };
        if let FnArg::Typed(argument) = input {
            hidden_lifetimes(&argument.ty, mistakes);
        }
        let mutable = match input {
            FnArg::Receiver(receiver) => has_mutable_reference(&receiver.ty),
            FnArg::Typed(argument) => has_mutable_reference(&argument.ty),
        };
        if mutable && !arguments.is_skipped(&name) {
            let message = format!(
                "what `{name}` is changed to is not stored with the result: return it instead, or \
                 leave it out of the key with `skip({name})`"
            );
            mistakes.at(input, message);
        }
    }
}

/// A type whose lifetime is not even written cannot be given a name. Of those that the standard
/// library has, `Cow` is the one that occurs; for others the compiler says so itself.
fn hidden_lifetimes(ty: &Type, mistakes: &mut Mistakes) {
    struct Finder<'a>(&'a mut Mistakes);
    impl<'ast> Visit<'ast> for Finder<'_> {
        fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
            if let PathArguments::AngleBracketed(arguments) = &segment.arguments
                && segment.ident == "Cow"
                && !matches!(arguments.args.first(), Some(GenericArgument::Lifetime(_)))
            {
                let message = format!(
                    "the lifetime must be seen: write `Cow<'_, {}>`",
                    source(&arguments.args)
                );
                self.0.at(segment, message);
            }
            visit::visit_path_segment(self, segment);
        }
    }
    Finder(mistakes).visit_type(ty);
}

fn has_mutable_reference(ty: &Type) -> bool {
    struct Finder(bool);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0 |= reference.mutability.is_some();
            visit::visit_type_reference(self, reference);
        }
        fn visit_type_bare_fn(&mut self, _: &'ast syn::TypeBareFn) {}
        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &'ast syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut finder = Finder(false);
    finder.visit_type(ty);
    finder.0
}
