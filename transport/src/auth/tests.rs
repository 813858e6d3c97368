use super::*;

#[test]
fn query_parameters_are_decoded() {
    let values: Vec<String> = values_of("token=a%20b&x=1&token=c+d&%74oken=e", "token").collect();
    assert_eq!(values, ["a b", "c d", "e"]);
    assert_eq!(values_of("", "token").count(), 0);
}
