//! Patterns as Go reads them.

use proptest::prelude::*;

use super::compile;

#[test]
fn patterns_match_what_they_match_in_go() {
    let table: &[(&str, &[&str], &[&str])] = &[
        (r"^\d+$", &["12"], &["١٢", "a"]),
        (r"^\w+$", &["a_1"], &["é"]),
        (r"^\D$", &["é", "١"], &["1"]),
        (r"^a\sb$", &["a b", "a\tb"], &["a\u{a0}b", "a\u{b}b"]),
        (r"^[\d.-]+$", &["1.5-2"], &["١"]),
        (r"^[^\W]+$", &["ab"], &["a b", "é"]),
        (r"é\b", &[], &["é "]),
        (r"\bcat\b", &["a cat."], &["concat"]),
        (r"{x}", &["{x}"], &["x"]),
        (r"^a{,2}$", &["a{,2}"], &["aa"]),
        (r"^a{2}$", &["aa"], &["a"]),
        (r"^a{1,}?$", &["aa"], &[""]),
        (r"^a{2$", &["a{2"], &["aa"]),
        (r"^\Qa.b*\E+$", &["a.b*", "a.b**"], &["axb"]),
        (r"\Qa(b", &["a(b"], &["ab"]),
        (r"^\101\x42\x{43}$", &["ABC"], &[]),
        (r"^\0$", &["\0"], &["0"]),
        (r"^[[:alpha:]]+$", &["abc"], &["a1"]),
        (r"^[[:^alpha:]]$", &["1"], &["a"]),
        (r"^[]a]+$", &["]a"], &["b"]),
        (r"^[a&&b]+$", &["a&b"], &["c"]),
        (r"^[+--]+$", &["+,-"], &["."]),
        (r"^[[a]+$", &["[a"], &["]"]),
        (r"^[\w-]+$", &["a-b"], &["é"]),
        (r"^[\]\[\-]+$", &["[-]"], &["a"]),
        (r"(?i)^straße$", &["STRAßE", "straße"], &["strasse"]),
        (r"^\p{Greek}\pL$", &["αβ"], &["ab"]),
        (r"^[\p{Greek}x]$", &["α", "x"], &["y"]),
        (r"^\_\<\>\-\/$", &["_<>-/"], &[]),
        (r"(?P<user>\w+)@(?<host>.+)", &["a@b"], &["a@"]),
        (r"(?is-m:a.b)", &["A\nB"], &["ab"]),
        (r"a.b", &["axb"], &["a\nb"]),
        (r"^*a", &["a"], &[]),
    ];
    for (pattern, matching, other) in table {
        let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for text in *matching {
            assert!(regex.is_match(text), "`{pattern}` matches {text:?}: {regex}");
        }
        for text in *other {
            assert!(!regex.is_match(text), "`{pattern}` does not match {text:?}: {regex}");
        }
    }
}

#[test]
fn patterns_that_go_refuses_are_refused() {
    for pattern in [
        r"a**",
        r"a*+",
        r"*a",
        r"a|*",
        r"(*a)",
        r"(",
        r")",
        r"[",
        r"[b-a]",
        r"[a--b]",
        r"\1",
        r"\8",
        r"\Z",
        r"\y",
        r"\é",
        r"\",
        r"(?x)a",
        r"(?=a)",
        r"(?!a)",
        r"a{1001}",
        r"a{2}{3}",
        r"[[:nope:]]",
        r"\pX",
        r"\p{Nope}",
        r"\x{110000}",
        r"\xg",
        r"[\",
        r"\p",
        r"\p{",
        r"[[:",
        r"(?",
        r"(?P<",
        r"(?P<a",
        r"a{99999999999}",
    ] {
        assert!(compile(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn an_error_is_one_sentence() {
    assert_eq!(compile("a**").unwrap_err(), "invalid nested repetition operator: `*`");
    assert!(!compile(r"[[:nope:]]").unwrap_err().contains('\n'));
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(pattern in r"[\PC\\\[\](){}?*+^$|:<>\-a-z0-9]{0,24}") {
        let _ = compile(&pattern);
    }

    #[test]
    fn quoted_text_matches_itself(text in r"\PC{0,24}") {
        prop_assume!(!text.contains(r"\E"));
        let quoted: String = text.chars().flat_map(|letter| {
            let is_sign = letter.is_ascii_punctuation();
            is_sign.then_some('\\').into_iter().chain([letter])
        }).collect();
        let pattern = format!("^{quoted}$");
        prop_assert!(compile(&pattern).unwrap().is_match(&text));
    }
}
