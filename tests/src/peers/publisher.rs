//! A publisher of pub-sub items, by hand on a socket: nothing of ours but the bytes in here.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Logs `user` in at `localhost` on a plain port and publishes `payload` (XML of its own
/// namespace) as item `id` of `node` at `pubsub.localhost` (XEP-0060 §7.1).
///
/// # Panics
///
/// When the server refuses a step.
pub fn publish(port: u16, user: &str, password: &str, node: &str, id: &str, payload: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time-out");
    let open = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' \
                xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    say(&mut stream, open, "</stream:features>");
    let plain = base64(format!("\0{user}\0{password}").as_bytes());
    let auth =
        format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
    say(&mut stream, &auth, "<success");
    say(&mut stream, open, "</stream:features>");
    let bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    say(&mut stream, bind, "</iq>");
    let publish = format!(
        "<iq type='set' id='p' to='pubsub.localhost'><pubsub \
         xmlns='http://jabber.org/protocol/pubsub'><publish node='{node}'><item id='{id}'>\
         {payload}</item></publish></pubsub></iq>"
    );
    let answer = say(&mut stream, &publish, "id='p'");
    assert!(answer.contains("type='result'"), "not published: {answer}");
    let _ = stream.write_all(b"</stream:stream>");
}

fn say(stream: &mut TcpStream, text: &str, until: &str) -> String {
    stream.write_all(text.as_bytes()).expect("the server reads");
    let mut heard = String::new();
    let mut buffer = [0; 4096];
    while !heard.contains(until) {
        let count = stream.read(&mut buffer).expect("an answer in time");
        assert!(count > 0, "the server closed after {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    heard
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for n in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * n) & 63) as usize] as char;
            text.push(if n <= chunk.len() { digit } else { '=' });
        }
    }
    text
}
