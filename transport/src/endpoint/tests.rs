use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[test]
fn hosts_and_ports_are_told_apart() {
    let good = [
        ("localhost:4317", "localhost", 4317),
        ("[::1]:0", "::1", 0),
        (":4318", "", 4318),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
    ];
    for (endpoint, host, port) in good {
        assert_eq!(host_and_port(endpoint).unwrap(), (host.to_owned(), port), "{endpoint}");
    }
    for bad in ["localhost", "localhost:", "localhost:http", "localhost:65536", "::1:4317", ""] {
        assert!(host_and_port(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_taken_is_named_in_the_error() {
    let first = Listener::bind("127.0.0.1:0", Transport::Tcp).await.unwrap();
    let taken = first.local_addr();
    let error = Listener::bind(&taken, Transport::Tcp).await.unwrap_err();
    assert!(format!("{error:#}").contains(&taken), "{error:#}");
}

#[tokio::test]
async fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
    let folder = std::env::temp_dir().join(format!("ferrotel-endpoint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let endpoint = path.to_str().unwrap();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::bind(endpoint, Transport::Unix).await.unwrap();
    assert!(Listener::bind(endpoint, Transport::Unix).await.is_err());

    // The second listener knocked to see whether somebody is there.
    listener.accept().await;

    let mut client = UnixStream::connect(&path).await.unwrap();
    let (mut stream, peer) = listener.accept().await;
    assert_eq!(peer, None);
    client.write_all(b"hi").await.unwrap();
    let mut got = [0; 2];
    stream.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hi");

    drop(listener);
    assert!(!path.exists(), "the file goes with the listener");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn tcp4_takes_the_ipv4_address_of_a_name() {
    let listener = Listener::bind("localhost:0", Transport::Tcp4).await.unwrap();
    assert!(listener.local_addr().starts_with("127.0.0.1:"), "{}", listener.local_addr());
}
