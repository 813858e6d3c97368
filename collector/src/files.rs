//! How many files may be open at a time: every connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one, as Go's runtime does: a collector that scrapes a thousand targets, or serves
/// a thousand clients, is beyond the usual soft limit of 1024, which is as low for the sake of programs with `select`.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // The limit that was there holds then, and who meets it is told that there are too many open files.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
