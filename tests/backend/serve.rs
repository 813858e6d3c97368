//! Sockets, and which service a request is for.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tower_service::Service;

use super::State;
use super::sink::{Sink, post};
use crate::proto::collector::logs::v1::logs_service_server::LogsServiceServer;
use crate::proto::collector::metrics::v1::metrics_service_server::MetricsServiceServer;
use crate::proto::collector::trace::v1::trace_service_server::TraceServiceServer;

/// The largest message it takes.
const MAX_MESSAGE: usize = 256 << 20;

/// Serves until its runtime ends.
pub(super) async fn serve(listener: std::net::TcpListener, tls: Option<TlsAcceptor>, state: State) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, tls.clone(), state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, state: State) {
    let reset = Arc::new(Notify::new());
    let sink = Sink { state, reset: reset.clone() };
    let socket = socket2::SockRef::from(&stream).try_clone().expect("a socket can be cloned");
    let served = async {
        let Some(tls) = tls else { return speak(stream, sink).await };
        // A client that is not let in is no matter of the backend's.
        if let Ok(stream) = tls.accept(stream).await {
            speak(stream, sink).await;
        }
    };
    tokio::select! {
        () = served => (),
        // Closing with a linger of zero is a reset.
        () = reset.notified() => drop(socket.set_linger(Some(Duration::ZERO))),
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, sink: Sink) {
    let service = service_fn(move |request| dispatch(sink.clone(), request));
    // How a connection ends is the client's choice.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn dispatch(sink: Sink, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    if path.contains("TraceService") {
        let service = TraceServiceServer::new(sink).max_decoding_message_size(MAX_MESSAGE);
        return service.accept_compressed(Gzip).accept_compressed(Zstd).call(request).await;
    }
    if path.contains("MetricsService") {
        let service = MetricsServiceServer::new(sink).max_decoding_message_size(MAX_MESSAGE);
        return service.accept_compressed(Gzip).accept_compressed(Zstd).call(request).await;
    }
    if path.contains("LogsService") {
        let service = LogsServiceServer::new(sink).max_decoding_message_size(MAX_MESSAGE);
        return service.accept_compressed(Gzip).accept_compressed(Zstd).call(request).await;
    }
    Ok(post(sink, request).await)
}
