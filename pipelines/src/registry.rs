//! Which components there are: a list, made by the program.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ::config::{Diagnostics, Node, Path, Position, Secrets, Value};
use component::{
    Capabilities, Connector, Consumer, Context, Delivery, Exporter, Extension, Kind, Labels, Listens,
    Outputs, Problem, Processor, Receiver, Settings,
};
use otlp::Signal;

/// All components that a configuration can name.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

/// One type of component.
pub struct Entry {
    /// What kind of component it is.
    pub kind: Kind,
    /// Its type in the file.
    pub name: &'static str,
    /// Old names of the type.
    pub aliases: &'static [&'static str],
    /// Which signal it takes, and which it gives: the same for all but connectors. Empty for extensions.
    pub routes: Vec<(Signal, Signal)>,
    /// Reads its settings.
    pub(crate) read: fn(&Node, &Path, &mut Diagnostics) -> Option<Component>,
}

/// Settings that have been read, and the way to start them.
pub(crate) struct Component {
    /// Whether nothing was wrong when they were read. If something was, only `problems` says something about them.
    pub(crate) is_whole: bool,
    pub(crate) problems: Vec<Problem>,
    pub(crate) listens_on: Vec<Listens>,
    /// Prints the settings with all defaults.
    pub(crate) print: Print,
    pub(crate) start: Start,
}

pub(crate) type Print = Arc<dyn Fn(Secrets) -> Node + Send + Sync>;

/// Starts a component with what only its kind is given; leaves the settings as they are: they may be needed again.
pub(crate) type Starter<A, T> = Arc<dyn Fn(Context, A) -> Starting<T> + Send + Sync>;

type Starting<T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send>>;

/// How a component of each kind is started.
#[derive(Clone)]
pub(crate) enum Start {
    Receiver(Starter<Outputs, ()>),
    Processor(StartProcessor),
    Exporter(Box<StartExporter>),
    Connector(Starter<Outputs, Arc<dyn Consumer>>),
    Extension(Starter<(), Capabilities>),
}

#[derive(Clone)]
pub(crate) struct StartProcessor {
    pub(crate) mutates: bool,
    pub(crate) counted: bool,
    pub(crate) start: Starter<Arc<dyn Consumer>, Arc<dyn Consumer>>,
}

#[derive(Clone)]
pub(crate) struct StartExporter {
    pub(crate) delivery: Delivery,
    pub(crate) labels: Arc<dyn Fn(Signal) -> Labels + Send + Sync>,
    pub(crate) start: Starter<(), Arc<dyn Consumer>>,
}

impl Registry {
    /// Knows nothing yet.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a receiver.
    #[must_use]
    pub fn receiver<C: Receiver>(self) -> Registry {
        self.add(Kind::Receiver, C::NAME, C::ALIASES, same(C::SIGNALS), read_receiver::<C>)
    }

    /// Adds a processor.
    #[must_use]
    pub fn processor<C: Processor>(self) -> Registry {
        self.add(Kind::Processor, C::NAME, C::ALIASES, same(C::SIGNALS), read_processor::<C>)
    }

    /// Adds an exporter.
    #[must_use]
    pub fn exporter<C: Exporter>(self) -> Registry {
        self.add(Kind::Exporter, C::NAME, C::ALIASES, same(C::SIGNALS), read_exporter::<C>)
    }

    /// Adds a connector.
    #[must_use]
    pub fn connector<C: Connector>(self) -> Registry {
        self.add(Kind::Connector, C::NAME, C::ALIASES, C::ROUTES.to_vec(), read_connector::<C>)
    }

    /// Adds an extension.
    #[must_use]
    pub fn extension<C: Extension>(self) -> Registry {
        self.add(Kind::Extension, C::NAME, C::ALIASES, Vec::new(), read_extension::<C>)
    }

    /// All types of that kind, by name.
    #[must_use]
    pub fn of(&self, kind: Kind) -> Vec<&Entry> {
        let mut found: Vec<_> = self.entries.iter().filter(|entry| entry.kind == kind).collect();
        found.sort_by_key(|entry| entry.name);
        found
    }

    /// The type of that name, new or old.
    #[must_use]
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Entry> {
        let known =
            |entry: &&Entry| entry.kind == kind && (entry.name == name || entry.aliases.contains(&name));
        self.entries.iter().find(known)
    }

    fn add(
        mut self,
        kind: Kind,
        name: &'static str,
        aliases: &'static [&'static str],
        routes: Vec<(Signal, Signal)>,
        read: fn(&Node, &Path, &mut Diagnostics) -> Option<Component>,
    ) -> Registry {
        self.entries.push(Entry { kind, name, aliases, routes, read });
        self
    }
}

fn same(signals: &[Signal]) -> Vec<(Signal, Signal)> {
    signals.iter().map(|signal| (*signal, *signal)).collect()
}

fn read_receiver<C: Receiver>(node: &Node, path: &Path, diagnostics: &mut Diagnostics) -> Option<Component> {
    let (settings, is_whole) = ::config::read_on::<C>(node, path, diagnostics);
    let settings = settings?;
    Some(Component {
        is_whole,
        problems: settings.check(),
        listens_on: settings.listens_on(),
        print: printer(&settings),
        start: Start::Receiver(Arc::new(move |cx, outputs| settings.clone().start(cx, outputs))),
    })
}

fn read_processor<C: Processor>(
    node: &Node,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<Component> {
    let (settings, is_whole) = ::config::read_on::<C>(node, path, diagnostics);
    let settings = settings?;
    Some(Component {
        is_whole,
        problems: settings.check(),
        listens_on: Vec::new(),
        print: printer(&settings),
        start: Start::Processor(StartProcessor {
            mutates: C::MUTATES,
            counted: C::COUNTED,
            start: Arc::new(move |cx, next| settings.clone().start(cx, next)),
        }),
    })
}

fn read_exporter<C: Exporter>(node: &Node, path: &Path, diagnostics: &mut Diagnostics) -> Option<Component> {
    let (settings, is_whole) = ::config::read_on::<C>(node, path, diagnostics);
    let settings = settings?;
    let labelled = settings.clone();
    Some(Component {
        is_whole,
        problems: settings.check(),
        listens_on: settings.listens_on(),
        print: printer(&settings),
        start: Start::Exporter(Box::new(StartExporter {
            delivery: settings.delivery(),
            labels: Arc::new(move |signal| labelled.labels(signal)),
            start: Arc::new(move |cx, ()| settings.clone().start(cx)),
        })),
    })
}

fn read_connector<C: Connector>(
    node: &Node,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<Component> {
    let (settings, is_whole) = ::config::read_on::<C>(node, path, diagnostics);
    let settings = settings?;
    Some(Component {
        is_whole,
        problems: settings.check(),
        listens_on: Vec::new(),
        print: printer(&settings),
        start: Start::Connector(Arc::new(move |cx, outputs| settings.clone().start(cx, outputs))),
    })
}

fn read_extension<C: Extension>(
    node: &Node,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<Component> {
    let (settings, is_whole) = ::config::read_on::<C>(node, path, diagnostics);
    let settings = settings?;
    Some(Component {
        is_whole,
        problems: settings.check(),
        listens_on: settings.listens_on(),
        print: printer(&settings),
        start: Start::Extension(Arc::new(move |cx, ()| settings.clone().start(cx))),
    })
}

/// Prints these settings; what cannot be printed shows as nothing.
fn printer<C: Settings>(settings: &C) -> Print {
    let settings = settings.clone();
    Arc::new(move |secrets| {
        ::config::to_node(&settings, secrets).unwrap_or_else(|_| Node::new(Value::Null, Position::nowhere()))
    })
}
