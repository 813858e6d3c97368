//! The clock of a connection, told the time.

use tokio::time::Instant;

use super::*;
use crate::grpc::keepalive::{Act, Clock, Limits, Sight};
use crate::grpc::server_config::ServerParameters;

const QUIET: Sight = Sight { reads: 0, calls: 0, busy: false };
const BUSY: Sight = Sight { reads: 0, calls: 1, busy: true };

fn seconds(secs: u64) -> config::Interval {
    config::Interval::from_secs(secs)
}

#[test]
fn a_silent_connection_is_pinged_and_then_cut() {
    let parameters =
        ServerParameters { time: seconds(10), timeout: seconds(5), ..ServerParameters::default() };
    let start = Instant::now();
    let at = |secs| start + Duration::from_secs(secs);
    let mut clock = Clock::new(Limits::of(&parameters), start);
    assert_eq!(clock.act(at(0), QUIET), Act::WaitUntil(at(10)));
    assert_eq!(clock.act(at(10), QUIET), Act::Ping);
    assert_eq!(clock.act(at(10), QUIET), Act::WaitUntil(at(15)));
    clock.pong(at(11));
    assert_eq!(clock.act(at(11), QUIET), Act::WaitUntil(at(21)));
    assert_eq!(clock.act(at(21), QUIET), Act::Ping);
    assert!(matches!(clock.act(at(26), QUIET), Act::Cut(_)));
}

#[test]
fn whoever_sends_is_alive() {
    let parameters =
        ServerParameters { time: seconds(10), timeout: seconds(5), ..ServerParameters::default() };
    let start = Instant::now();
    let at = |secs| start + Duration::from_secs(secs);
    let mut clock = Clock::new(Limits::of(&parameters), start);
    assert_eq!(clock.act(at(10), Sight { reads: 1, ..QUIET }), Act::WaitUntil(at(20)));
}

#[test]
fn an_old_connection_is_retired_and_cut_after_its_grace() {
    let parameters = ServerParameters {
        max_connection_age: seconds(60),
        max_connection_age_grace: seconds(5),
        ..ServerParameters::default()
    };
    let start = Instant::now();
    let at = |secs| start + Duration::from_secs(secs);
    let mut clock = Clock::new(Limits::of(&parameters), start);
    assert_eq!(clock.act(at(0), BUSY), Act::WaitUntil(at(60)));
    assert_eq!(clock.act(at(60), BUSY), Act::Retire("max_connection_age"));
    assert_eq!(clock.act(at(60), BUSY), Act::WaitUntil(at(65)));
    assert!(matches!(clock.act(at(65), BUSY), Act::Cut(_)));
}

#[test]
fn an_idle_connection_is_retired_and_a_busy_one_is_not() {
    let parameters = ServerParameters { max_connection_idle: seconds(30), ..ServerParameters::default() };
    let start = Instant::now();
    let at = |secs| start + Duration::from_secs(secs);
    let mut clock = Clock::new(Limits::of(&parameters), start);
    assert_eq!(clock.act(at(20), BUSY), Act::WaitUntil(at(50)));
    assert_eq!(clock.act(at(50), Sight { busy: false, ..BUSY }), Act::Retire("max_connection_idle"));
}

#[tokio::test]
async fn a_client_moves_on_when_its_connection_grows_old() {
    let mut config = local();
    let parameters = ServerParameters {
        max_connection_age: config::Interval::from_millis(100),
        ..ServerParameters::default()
    };
    config.keepalive = config::Optional::some(crate::grpc::ServerKeepalive {
        server_parameters: config::Optional::some(parameters),
        ..crate::grpc::ServerKeepalive::default()
    });
    let (_server, addr) = serve(config).await;
    let mut config = client_config(&addr);
    config.wait_for_ready = true;
    let (_cx, client) = client(&config);
    for number in 0..40 {
        let answer = client.unary(ECHO, vec![noise(number)], &nowhere()).await;
        assert_eq!(answer.unwrap(), noise(number));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let (_server, addr) = serve(local()).await;
    let mut stream = tokio::net::TcpStream::connect(&addr).await.unwrap();
    let mut rest = Vec::new();
    // Ends, one way or the other, only because the server closes it.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
}
