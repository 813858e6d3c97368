//! Programs of others that serve as long as a story lasts.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use crate::patience::PATIENCE;

/// A running program. Killed when it goes out of scope.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts the program, and waits for the line of its output, on either side, in which `find` finds its address.
    ///
    /// # Panics
    /// When there is none in a long time.
    #[must_use]
    pub fn start(
        mut command: Command,
        find: impl Fn(&str) -> Option<String> + Clone + Send + 'static,
    ) -> Server {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let (found, address) = mpsc::channel();
        let (out, err) =
            (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
        let outputs: [Box<dyn Read + Send>; 2] = [Box::new(out), Box::new(err)];
        for output in outputs {
            let (found, find) = (found.clone(), find.clone());
            // Read to its end, so that the program never waits for us.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if let Some(address) = find(&line) {
                        // Nobody waits any more after the first.
                        let _ = found.send(address);
                    }
                }
            });
        }
        let address = address.recv_timeout(PATIENCE);
        let address = address.unwrap_or_else(|_| panic!("{command:?} does not say where it listens"));
        Server { child, address }
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
