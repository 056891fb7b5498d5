use finewire_openwire::command::{Command, ConnectionInfo, Message};

#[test]
fn no_password_and_no_content_is_in_a_debug_text() {
    let info = ConnectionInfo {
        user_name: Some("system".into()),
        password: Some("s3cret".into()),
        ..ConnectionInfo::default()
    };
    let shown = format!("{info:?} {:#?}", Command::from(info.clone()));
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("system") && shown.contains("<redacted>"));

    let mut message = Message::text("s3cret");
    let mut properties = finewire_openwire::body::Properties::new();
    properties.set("pin", "s3cret");
    message.set_properties(&properties).unwrap();
    let shown = format!("{message:?}");
    assert!(
        !shown.contains("s3cret") && !shown.contains("115"),
        "{shown}"
    );
    assert!(shown.contains("content: <10 bytes>"), "{shown}");
}
