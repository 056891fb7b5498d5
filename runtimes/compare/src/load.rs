//! What is put on a server: frames of 400 bytes, on few links with many under way, on one link with one, on thousands.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// Bytes of a frame with its size.
pub(crate) const FRAME: usize = 400;

fn frame() -> [u8; FRAME] {
    let mut frame = [b'x'; FRAME];
    frame[..4].copy_from_slice(&u32::try_from(FRAME - 4).unwrap().to_be_bytes());
    frame
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// Sends `messages` frames with `window` of them under way and reads them back.
fn echo(stream: &mut TcpStream, messages: usize, window: usize) {
    let frames: Vec<u8> = frame()
        .iter()
        .copied()
        .cycle()
        .take(FRAME * window)
        .collect();
    let mut buffer = vec![0; FRAME * window];
    let mut sent = window.min(messages);
    stream.write_all(&frames[..FRAME * sent]).unwrap();
    let mut received = 0;
    while received < messages * FRAME {
        let before = received / FRAME;
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has closed");
        received += count;
        let more = (received / FRAME - before).min(messages - sent);
        stream.write_all(&frames[..FRAME * more]).unwrap();
        sent += more;
    }
    assert_eq!(received, messages * FRAME);
}

/// Links of [`stream`], and frames under way on each.
const LINKS: usize = 4;
const WINDOW: usize = 16;

/// Frames on a few links, each with many under way; how long that took.
pub(crate) fn stream(address: SocketAddr, messages: usize) -> (Duration, Vec<TcpStream>) {
    let mut links: Vec<TcpStream> = (0..LINKS).map(|_| connect(address)).collect();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for link in &mut links {
            scope.spawn(|| echo(link, messages / LINKS, WINDOW));
        }
    });
    (begin.elapsed(), links)
}

/// One frame at a time on one link; the median of the round trips.
pub(crate) fn ping_pong(address: SocketAddr, messages: usize) -> (Duration, Vec<TcpStream>) {
    let mut link = connect(address);
    let mut trips: Vec<Duration> = (0..messages)
        .map(|_| {
            let begin = Instant::now();
            echo(&mut link, 1, 1);
            begin.elapsed()
        })
        .collect();
    trips.sort_unstable();
    (trips[messages / 2], vec![link])
}

/// Opens so many links and waits until each was served once.
pub(crate) fn open(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut links = Vec::with_capacity(count);
    for _ in 0..count {
        let mut link = connect(address);
        echo(&mut link, 1, 1);
        links.push(link);
    }
    links
}

/// One frame on every link at once, and back; how long that took.
pub(crate) fn everywhere(links: &mut [TcpStream]) -> Duration {
    let frame = frame();
    let begin = Instant::now();
    for link in links.iter_mut() {
        link.write_all(&frame).unwrap();
    }
    for link in links.iter_mut() {
        let mut back = [0; FRAME];
        link.read_exact(&mut back).unwrap();
        assert_eq!(back, frame);
    }
    begin.elapsed()
}
