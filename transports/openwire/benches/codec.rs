//! A dispatch of a 200-byte text message, encoded, decoded and read, in version 12.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

mod dispatch;

use core::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use dispatch::{Codec, FORMATS};

fn codec(criterion: &mut Criterion) {
    for (name, tight, cache) in FORMATS {
        let mut codec = Codec::new(tight, cache);
        let mut group = criterion.benchmark_group("dispatch");
        group.throughput(Throughput::Bytes(codec.size() as u64));
        group.bench_function(format!("encode, {name}"), |bencher| {
            bencher.iter(|| black_box(&mut codec).encode());
        });
        group.bench_function(format!("decode, {name}"), |bencher| {
            bencher.iter(|| {
                black_box(black_box(&mut codec).decode());
            });
        });
        group.bench_function(format!("decode and read, {name}"), |bencher| {
            bencher.iter(|| black_box(&mut codec).read());
        });
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
