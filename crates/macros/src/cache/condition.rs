//! What would leave the condition of `cache_disable_if` instead of giving its value.

use quote::ToTokens;
use syn::Expr;
use syn::visit::{self, Visit};

use super::arguments::source;
use super::mistakes::Mistakes;

pub(crate) fn check(condition: &Expr, mistakes: &mut Mistakes) {
    Leaving { mistakes }.visit_expr(condition);
}

struct Leaving<'a> {
    mistakes: &'a mut Mistakes,
}

impl<'ast> Visit<'ast> for Leaving<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        let found: Option<&dyn ToTokens> = match expression {
            Expr::Await(inner) => Some(&inner.await_token),
            Expr::Return(inner) => Some(&inner.return_token),
            Expr::Try(inner) => Some(&inner.question_token),
            Expr::Closure(_) | Expr::Async(_) => return,
            _ => None,
        };
        if let Some(found) = found {
            let tokens = found.to_token_stream();
            let message = format!(
                "`{}` cannot stand in `cache_disable_if`, which is a `bool` over the arguments",
                source(&tokens)
            );
            self.mistakes.at(tokens, message);
        }
        visit::visit_expr(self, expression);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
