//! Stack traces of every language.

use super::*;

/// Checks the exceptions that are read from `trace`; frames are `[path, line, label]`.
#[track_caller]
fn check_stack(language: &str, trace: &str, expected: &[Value]) {
    let event = json!({ "name": "exception", "attributes":
        { "exception.type": "T", "exception.message": "m", "exception.stacktrace": trace } });
    let span = json!({ "kind": SERVER, "events": [event] });
    let payload = request(&json!({ "telemetry.sdk.language": language }), &span);
    let (documents, _) = translated(&payload, &Options::default());
    let shown = shown_one(&documents[0]);
    let exceptions = shown["cause"]["exceptions"].as_array().unwrap().iter().map(|exception| {
        let mut exception = exception.clone();
        let frames = exception["stack"].as_array_mut().into_iter().flatten();
        frames.for_each(|frame| *frame = json!([frame["path"], frame["line"], frame["label"]]));
        exception.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        exception
    });
    assert_eq!(exceptions.collect::<Vec<_>>(), expected, "{language} {trace}");
}

/// Checks the frames of a trace without causes.
#[track_caller]
fn check_frames(language: &str, trace: &str, frames: Value) {
    let mut exception = json!({ "id": "A", "message": "m", "type": "T", "remote": false });
    if frames != json!([]) {
        exception["stack"] = frames;
    }
    check_stack(language, trace, &[exception]);
}

#[test]
fn java() {
    let trace = "java.lang.IllegalStateException: state is not legal\n\tat io.Foo.bar(Foo.java:37)\n\
        \tat java.base/java.util.List.of(List.java:10)\n\tat io.Z.z(Unknown Source)\n\t... 3 more\n\
        Caused by: java.io.IOException: line1\nline2\n\tat io.Q.r(Q.java:5)\n";
    let first = json!({ "id": "A", "message": "m", "type": "T", "remote": false, "cause": "B", "stack": [
        ["Foo.java", 37, "io.Foo.bar"], ["List.java", 10, "java.util.List.of"], ["Unknown Source", 0, "io.Z.z"]] });
    let second = json!({ "id": "B", "message": "line1line2", "type": "java.io.IOException", "remote": false,
        "stack": [["Q.java", 5, "io.Q.r"]] });
    check_stack("java", trace, &[first, second]);
    check_stack(
        "php",
        "T: m\nCaused by: X:\n",
        &[
            json!({ "id": "A", "message": "m", "type": "T", "remote": false, "cause": "B" }),
            json!({ "id": "B", "message": "", "type": "X", "remote": false }),
        ],
    );
}

#[test]
fn python() {
    let trace = "Traceback (most recent call last):\n  File \"lib.py\", line 5, in outer\n    raise E\n  \
        File \"app.py\", line 3, in inner\n    x()\nE: y";
    check_frames("python", trace, json!([["app.py", 3, "inner"], ["lib.py", 5, "outer"]]));
    for phrase in [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ] {
        let trace = format!(
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n    ^^^\nValueError: one\ntwo\n\n\
             {phrase}\n\nTraceback (most recent call last):\n  File \"b.py\", line 2, in h\n    f()\nE: y\n"
        );
        check_stack(
            "python",
            &trace,
            &[
                json!({ "id": "A", "message": "m", "type": "T", "remote": false, "cause": "B", "stack": [["b.py", 2, "h"]] }),
                json!({ "id": "B", "message": "one\ntwo", "type": "ValueError", "remote": false, "stack": [["a.py", 1, "f"]] }),
            ],
        );
    }
    check_frames(
        "python",
        "During handling of the above exception, another exception occurred:\nx",
        json!([]),
    );
}

#[test]
fn javascript() {
    let trace = "TypeError: x\n    at new Foo (/a/b.js:10:5)\n    at /a/c.js:20:7\n    at Array.map (native)\n    \
        at f (node:internal/main:1:2)\n    at \n    at (\n";
    let frames = json!([
        ["/a/b.js", 10, "new Foo "],
        ["/a/c.js", 20, ""],
        ["native", 0, "Array.map "],
        ["node", 0, "f "]
    ]);
    for language in ["javascript", "nodejs", "webjs"] {
        check_frames(language, trace, frames.clone());
    }
}

#[test]
fn dotnet() {
    let trace = "System.Exception: boom\n   at My.App.Run(String s) in C:\\src\\App.cs:line 42\n   at My.App.Main()\n   \
        at X() in C:\\a.cs\n   at Y() in a.cs:line\n   at nothing\n";
    let frames = json!([
        ["C:\\src\\App.cs", 42, "My.App.Run(String s)"],
        ["", 0, "My.App.Main()"],
        ["C:\\a.cs", 0, "X()"],
        ["a.cs", 0, "Y()"]
    ]);
    check_frames("dotnet", trace, frames);
}

#[test]
fn go() {
    let trace = "goroutine 1 [running]:\nmain.f(0x1)\n\t/app/main.go:10 +0x1d\nmain.main()\n\t/app/main.go:20 +0x25\n";
    let frames = json!([["/app/main.go", 10, "main.f(0x1)"], ["/app/main.go", 20, "main.main()"]]);
    check_frames("go", trace, frames);
    let odd = "x\ngoroutine 2 [running]:\nf\n : :a /b.go:7\ng\nnowhere\nh";
    check_frames("go", odd, json!([["/b.go", 7, "f"], ["/b.go", 7, "g"], ["/b.go", 7, "h"]]));
}

#[test]
fn php() {
    let trace = "Exception: boom\n\tat App.run(App.php:12)\n\tat {main}(index.php)";
    check_frames("php", trace, json!([["App.php", 12, "App.run"], ["index.php", 0, "{main}"]]));
}

#[test]
fn other_languages_have_no_stack() {
    check_frames("erlang", "x\n\tat io.Foo.bar(Foo.java:37)", json!([]));
    for language in ["java", "python", "javascript", "dotnet", "go"] {
        check_frames(language, "", json!([]));
        check_frames(language, "only the message", json!([]));
    }
}
