//! Heap profiles, which need an allocator that samples.

/// The heap as gzipped protobuf, or why there is none.
#[cfg(feature = "heap-profiling")]
pub(super) async fn dump() -> Result<Vec<u8>, String> {
    let Some(control) = jemalloc_pprof::PROF_CTL.as_ref() else {
        return Err("heap profiling is off; start with `_RJEM_MALLOC_CONF=prof:true`".to_owned());
    };
    control.lock().await.dump_pprof().map_err(|error| format!("{error:#}"))
}

/// The heap as gzipped protobuf, or why there is none.
#[cfg(not(feature = "heap-profiling"))]
pub(super) async fn dump() -> Result<Vec<u8>, String> {
    Err("no heap profile: this program was built without the feature `heap-profiling`".to_owned())
}
