//! What is said before anything is asked.

use super::Endpoint;

#[test]
fn a_header_that_is_none_is_not_shown() {
    let headers = ["Accept: text/plain".to_owned(), "Bearer secret".to_owned()];
    let error = Endpoint::parse("localhost:1", &headers).err().expect("the second is none");
    assert_eq!(error.to_string(), "header 2 is not `Name: value`");
}
