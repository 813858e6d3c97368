//! Changes the attributes of every resource, without reading anything else.

mod config;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use component::{Batch, Consumer, transform};

use crate::actions::Actions;

pub use config::Config;

fn edit_resources(actions: Actions, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    transform(next, move |mut batch: Batch| {
        let prepared = actions.prepare(&batch.origin);
        batch.payload.edit_resources(|attributes| prepared.apply(attributes));
        Ok(Some(batch))
    })
}
