//! What the return type says against caching, as far as its spelling can tell. What the type is,
//! core finds out by type.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Ident, Lifetime, PathArguments, ReturnType, Signature, Type, TypePath};

use super::arguments::source;
use super::mistakes::Mistakes;

pub(crate) fn check(signature: &Signature, mistakes: &mut Mistakes) {
    let ReturnType::Type(_, returned) = &signature.output else { return };
    match &**returned {
        Type::Never(never) => {
            mistakes
                .at(never, "a function that never returns has no result to cache; drop `#[cache]`");
        }
        returned => Returned { mistakes, in_error: false }.visit_type(returned),
    }
}

struct Returned<'a> {
    mistakes: &'a mut Mistakes,
    /// Inside the `E` of a `Result`, which is never stored and may hold what is `'static`.
    in_error: bool,
}

impl<'ast> Visit<'ast> for Returned<'_> {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::ImplTrait(_) => self.mistakes.at(
                ty,
                "a result is stored by its type, which `impl Trait` hides; write the type (of a \
                 function that returns a future, write an `async fn`)",
            ),
            Type::Reference(reference) if !self.may_stand(reference.lifetime.as_ref()) => {
                let owned = owned(&reference.elem);
                self.mistakes
                    .at(ty, format!("a recalled result is owned by the caller: return {owned}"));
            }
            Type::BareFn(_) => {}
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_type_path(&mut self, path: &'ast TypePath) {
        let last = path.path.segments.last();
        let arguments = match last {
            Some(segment) if segment.ident == "Result" => &segment.arguments,
            _ => return visit::visit_type_path(self, path),
        };
        if let PathArguments::AngleBracketed(arguments) = arguments {
            for (index, argument) in arguments.args.iter().enumerate() {
                let in_error = std::mem::replace(&mut self.in_error, index > 0);
                self.visit_generic_argument(argument);
                self.in_error = in_error;
            }
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            let message =
                "a recalled result is owned by the caller: return a type without lifetimes";
            self.mistakes.at(lifetime, message);
        }
    }

    fn visit_parenthesized_generic_arguments(
        &mut self,
        _: &'ast syn::ParenthesizedGenericArguments,
    ) {
    }
}

impl Returned<'_> {
    fn may_stand(&self, lifetime: Option<&Lifetime>) -> bool {
        self.in_error && lifetime.is_some_and(|lifetime| lifetime.ident == "static")
    }
}

fn owned(referred: &Type) -> String {
    match referred {
        Type::Path(path) if path.path.is_ident("str") => "`String`".to_owned(),
        Type::Path(path) if path.path.is_ident("Path") => "`PathBuf`".to_owned(),
        Type::Slice(slice) => format!("`Vec<{}>`", source(&slice.elem)),
        other => format!("`{}`", source(&other.to_token_stream())),
    }
}

/// Type names that a feature of nuthatch makes storable, with the module of the face's `known`
/// that says so where it is off.
const KNOWN: [(&str, &str); 13] = [
    ("Array", "array"),
    ("Array1", "array"),
    ("Array2", "array"),
    ("Array3", "array"),
    ("Array4", "array"),
    ("Array5", "array"),
    ("Array6", "array"),
    ("ArrayD", "array"),
    ("DataArray", "array"),
    ("DataFrame", "frame"),
    ("Dataset", "array"),
    ("LazyFrame", "lazy"),
    ("RecordBatch", "arrow"),
];

/// The module of the face's `known` for the first known name in the type; `any` where none is.
pub(crate) fn known(returned: &Type) -> &'static str {
    struct Names(Option<&'static str>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            let known = KNOWN.iter().find(|(name, _)| ident == name);
            self.0 = self.0.or(known.map(|(_, module)| *module));
        }
    }
    let mut names = Names(None);
    names.visit_type(returned);
    names.0.unwrap_or("any")
}
