//! Datagrams over loopback.

use super::{Datagrams, drops};

const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  285: 0100007F:1AAF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4242 2 0000000000000000 0
  286: 0100007F:1AB0 00000000:0000 07 00000000:00001900 00:00000000 00000000     0        0 4243 2 0000000000000000 17
";

#[test]
fn drops_are_read_from_the_line_of_the_socket() {
    assert_eq!(drops(TABLE, 4242), Some(0));
    assert_eq!(drops(TABLE, 4243), Some(17));
    assert_eq!(drops(TABLE, 7), None);
    assert_eq!(drops("", 7), None);
}

#[tokio::test]
async fn what_nobody_reads_is_dropped_by_the_kernel_and_counted() {
    let socket = Datagrams::bind("localhost:0", 4096).await.unwrap();
    let Some(count) = socket.drop_count() else { return };
    assert_eq!(count.value(), Some(0));
    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..100 {
        sender.send_to(&[7; 1000], socket.local_addr()).unwrap();
    }
    let mut kept = 0;
    let mut buffer = [0; 11];
    while kept + count.value().unwrap() < 100 {
        let (length, from) = socket.receive(&mut buffer).await.unwrap();
        assert_eq!((length, from), (11, sender.local_addr().unwrap()));
        kept += 1;
    }
    assert!(kept > 0 && kept < 100, "{kept}");
    drop(socket);
    assert_eq!(count.value(), None);
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let socket = Datagrams::bind("127.0.0.1:0", 0).await.unwrap();
    let error = Datagrams::bind(&socket.local_addr(), 0).await.unwrap_err();
    assert!(format!("{error:#}").contains(&socket.local_addr()), "{error:#}");
}
