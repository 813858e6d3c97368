//! What a role sees of other objects, and what it looked at.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::prometheus::discovery::kubernetes::objects::{
    Namespace, Node, Object, Owned, Pod, Resource, Service,
};

/// What is added to targets from other objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attach {
    pub(crate) node: bool,
    pub(crate) namespace: bool,
    pub(crate) deployment: bool,
    pub(crate) job: bool,
    pub(crate) cronjob: bool,
}

/// Where other objects are found.
pub(crate) trait Lookup {
    /// The object with that key: `namespace/name`, or `name`.
    fn object(&self, resource: Resource, key: &str) -> Option<Object>;
}

/// Finds other objects, and remembers which were asked for, found or not: a change of one of them changes the group.
pub(crate) struct View<'a> {
    objects: &'a dyn Lookup,
    pub(crate) attach: Attach,
    asked: RefCell<BTreeSet<(Resource, Arc<str>)>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(objects: &'a dyn Lookup, attach: Attach) -> View<'a> {
        View { objects, attach, asked: RefCell::default() }
    }

    pub(crate) fn pod(&self, namespace: &str, name: &str) -> Option<Arc<Pod>> {
        match self.find(Resource::Pods, &format!("{namespace}/{name}")) {
            Some(Object::Pod(pod)) => Some(pod),
            _ => None,
        }
    }

    pub(crate) fn service(&self, namespace: &str, name: &str) -> Option<Arc<Service>> {
        match self.find(Resource::Services, &format!("{namespace}/{name}")) {
            Some(Object::Service(service)) => Some(service),
            _ => None,
        }
    }

    pub(crate) fn node(&self, name: &str) -> Option<Arc<Node>> {
        match self.find(Resource::Nodes, name) {
            Some(Object::Node(node)) => Some(node),
            _ => None,
        }
    }

    pub(crate) fn namespace(&self, name: &str) -> Option<Arc<Namespace>> {
        match self.find(Resource::Namespaces, name) {
            Some(Object::Namespace(namespace)) => Some(namespace),
            _ => None,
        }
    }

    /// A replica set or a job.
    pub(crate) fn owned(&self, resource: Resource, namespace: &str, name: &str) -> Option<Arc<Owned>> {
        match self.find(resource, &format!("{namespace}/{name}")) {
            Some(Object::Owned(owned)) => Some(owned),
            _ => None,
        }
    }

    /// What was asked for.
    pub(crate) fn asked(self) -> BTreeSet<(Resource, Arc<str>)> {
        self.asked.into_inner()
    }

    fn find(&self, resource: Resource, key: &str) -> Option<Object> {
        self.asked.borrow_mut().insert((resource, key.into()));
        self.objects.object(resource, key)
    }
}
