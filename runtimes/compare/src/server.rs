//! One server in its process: it prints its port and works until its input ends.

use crate::bare;
use crate::echo::Echo;
use core::net::SocketAddr;
use finewire_core::machine::Address;
use std::io::Read;
use std::sync::mpsc::{Sender, channel};

/// What serves: an adapter or a bare loop, with one thread for the tasks of an executor.
pub(crate) const SERVERS: [(&str, &str); 4] = [
    ("tokio", "tokio bare"),
    ("smol", "smol bare"),
    ("async-std", "async-std bare"),
    ("blocking", "blocking bare"),
];

fn socket_address(address: &Address) -> SocketAddr {
    format!("{}:{}", address.host, address.port)
        .parse()
        .unwrap()
}

pub(crate) fn serve(server: &str) {
    // One descriptor for each of thousands of links.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let (told, address) = channel();
    let server = server.to_owned();
    std::thread::spawn(move || run(&server, told));
    println!("{}", address.recv().expect("it listens").port());
    // Whoever started it closes the pipe.
    let _ = std::io::stdin().read(&mut [0]);
}

fn run(server: &str, told: Sender<SocketAddr>) {
    let tokio = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    match server {
        "tokio" => tokio().block_on(async {
            let (_handle, mut events, task) =
                finewire_tokio::spawn(Echo::new(), finewire_tokio::Options::default());
            told.send(socket_address(&events.next().await.unwrap()))
                .unwrap();
            task.await.unwrap();
        }),
        "tokio bare" => tokio().block_on(bare::tokio(told)).unwrap(),
        "smol" => smol::block_on(async {
            let (_handle, mut events, task) =
                finewire_smol::spawn(Echo::new(), finewire_smol::Options::default());
            told.send(socket_address(&events.next().await.unwrap()))
                .unwrap();
            task.await;
        }),
        "smol bare" => smol::block_on(bare::smol(told)).unwrap(),
        "async-std" => async_std::task::block_on(async {
            let (_handle, mut events, task) =
                finewire_async_std::spawn(Echo::new(), finewire_async_std::Options::default());
            told.send(socket_address(&events.next().await.unwrap()))
                .unwrap();
            task.await;
        }),
        "async-std bare" => async_std::task::block_on(bare::async_std(told)).unwrap(),
        "blocking" => {
            let (_handle, mut events, task) =
                finewire_blocking::spawn(Echo::new(), finewire_blocking::Options::default())
                    .unwrap();
            told.send(socket_address(&events.next().unwrap())).unwrap();
            task.join().unwrap();
        }
        "blocking bare" => bare::blocking(&told).unwrap(),
        other => panic!("no such server: {other}"),
    }
}
