//! Names for what an argument's type leaves unnamed: elided lifetimes, and `impl Trait`.
//!
//! The companion's `call` returns a value that borrows the arguments, so each of their lifetimes
//! needs a name. Those that may shrink share `'call`; those below `&mut` or in a type's arguments
//! (`Cell<&str>`) may not, and get a name each, which outlives `'call`.

use proc_macro2::Span;
use quote::format_ident;
use syn::visit_mut::{self, VisitMut};
use syn::{
    AngleBracketedGenericArguments, Ident, Lifetime, ParenthesizedGenericArguments, Type,
    TypeBareFn, TypeImplTrait, TypeParam, TypeParamBound, TypeReference, TypeTraitObject,
    parse_quote,
};

/// Names what is unnamed in the types that it visits, and keeps what it made up.
pub(crate) struct Namer {
    pub(crate) call: Lifetime,
    /// Lifetimes made up beside `'call`.
    pub(crate) lifetimes: Vec<Lifetime>,
    /// Type parameters made up for `impl Trait`, with their bounds.
    pub(crate) types: Vec<TypeParam>,
    may_shrink: bool,
}

impl Namer {
    pub(crate) fn new(call: Lifetime) -> Self {
        Self { call, lifetimes: Vec::new(), types: Vec::new(), may_shrink: true }
    }

    fn lifetime(&mut self) -> Lifetime {
        if self.may_shrink {
            return self.call.clone();
        }
        let name = format!("{}_{}", self.call, self.lifetimes.len() + 1);
        let lifetime = Lifetime::new(&name, Span::call_site());
        self.lifetimes.push(lifetime.clone());
        lifetime
    }

    fn without_shrinking(&mut self, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.may_shrink, false);
        visit(self);
        self.may_shrink = outside;
    }

    fn type_parameter(&mut self, mut hidden: TypeImplTrait) -> Ident {
        self.without_shrinking(|namer| visit_mut::visit_type_impl_trait_mut(namer, &mut hidden));
        let ident = format_ident!("Impl{}", self.types.len() + 1);
        let (bounds, call) = (hidden.bounds.iter(), TypeParamBound::Lifetime(self.call.clone()));
        self.types.push(parse_quote!(#ident: #(#bounds +)* #call));
        ident
    }
}

impl VisitMut for Namer {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(hidden) = ty {
            let ident = self.type_parameter(hidden.clone());
            *ty = parse_quote!(#ident);
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        match &mut reference.lifetime {
            Some(lifetime) => self.visit_lifetime_mut(lifetime),
            none => *none = Some(self.lifetime()),
        }
        if reference.mutability.is_some() {
            self.without_shrinking(|namer| namer.visit_type_mut(&mut reference.elem));
        } else {
            self.visit_type_mut(&mut reference.elem);
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.lifetime();
        }
    }

    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        arguments: &mut AngleBracketedGenericArguments,
    ) {
        self.without_shrinking(|namer| {
            visit_mut::visit_angle_bracketed_generic_arguments_mut(namer, arguments);
        });
    }

    fn visit_type_trait_object_mut(&mut self, object: &mut TypeTraitObject) {
        self.without_shrinking(|namer| visit_mut::visit_type_trait_object_mut(namer, object));
    }

    // Lifetimes in `fn(&str)` and `Fn(&str)` are bound where they stand.
    fn visit_type_bare_fn_mut(&mut self, _: &mut TypeBareFn) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}
