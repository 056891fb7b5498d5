//! The same echo without a machine: what a program would write that knows one runtime and one protocol. One task, or
//! one thread, for each connection.

use crate::echo::Frames;
use bytes::Bytes;
use core::net::SocketAddr;
use std::io::{self, IoSlice, Read, Write};
use std::sync::mpsc::Sender;

const READ_AT_ONCE: usize = 64 * 1024;
const SLICES: usize = 64;

/// Strikes what was written off the front.
fn advance(chunks: &mut Vec<Bytes>, mut written: usize) {
    let mut whole = 0;
    for chunk in chunks.iter_mut() {
        if chunk.len() > written {
            let _ = chunk.split_to(written);
            break;
        }
        written -= chunk.len();
        whole += 1;
    }
    chunks.drain(..whole);
}

fn fill<'a>(slices: &mut [IoSlice<'a>], chunks: &'a [Bytes]) -> usize {
    let pairs = slices.iter_mut().zip(chunks);
    pairs
        .map(|(slice, chunk)| *slice = IoSlice::new(chunk))
        .count()
}

pub(crate) async fn tokio(told: Sender<SocketAddr>) -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    told.send(listener.local_addr()?).unwrap();
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut frames = Frames::default();
            let mut buffer = vec![0; READ_AT_ONCE];
            let mut chunks = Vec::new();
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                frames.answer(&buffer[..count], |chunk| chunks.push(chunk));
                while !chunks.is_empty() {
                    let mut slices = [IoSlice::new(&[]); SLICES];
                    let used = fill(&mut slices, &chunks);
                    let Ok(written) = stream.write_vectored(&slices[..used]).await else {
                        return;
                    };
                    advance(&mut chunks, written);
                }
            }
        });
    }
}

/// Both smol and async-std have the traits of futures; only what spawns differs.
async fn futures_echo<S>(mut stream: S)
where
    S: smol::io::AsyncRead + smol::io::AsyncWrite + Unpin,
{
    use smol::io::{AsyncReadExt, AsyncWriteExt};
    let mut frames = Frames::default();
    let mut buffer = vec![0; READ_AT_ONCE];
    let mut chunks = Vec::new();
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        frames.answer(&buffer[..count], |chunk| chunks.push(chunk));
        while !chunks.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let used = fill(&mut slices, &chunks);
            let Ok(written) = stream.write_vectored(&slices[..used]).await else {
                return;
            };
            advance(&mut chunks, written);
        }
    }
}

pub(crate) async fn smol(told: Sender<SocketAddr>) -> io::Result<()> {
    let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
    told.send(listener.local_addr()?).unwrap();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        smol::spawn(futures_echo(stream)).detach();
    }
}

pub(crate) async fn async_std(told: Sender<SocketAddr>) -> io::Result<()> {
    let listener = async_std::net::TcpListener::bind("127.0.0.1:0").await?;
    told.send(listener.local_addr()?).unwrap();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        async_std::task::spawn(futures_echo(stream));
    }
}

pub(crate) fn blocking(told: &Sender<SocketAddr>) -> io::Result<()> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    told.send(listener.local_addr()?).unwrap();
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        std::thread::spawn(move || {
            let mut frames = Frames::default();
            let mut buffer = vec![0; READ_AT_ONCE];
            let mut chunks = Vec::new();
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                frames.answer(&buffer[..count], |chunk| chunks.push(chunk));
                while !chunks.is_empty() {
                    let mut slices = [IoSlice::new(&[]); SLICES];
                    let used = fill(&mut slices, &chunks);
                    let Ok(written) = stream.write_vectored(&slices[..used]) else {
                        return;
                    };
                    advance(&mut chunks, written);
                }
            }
        });
    }
}
