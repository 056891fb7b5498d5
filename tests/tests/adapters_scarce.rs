//! Adapters while descriptors run out; a process of its own, for the limit is the process's.

use finewire_tests::adapters::{AsyncIo, AsyncStd, Blocking, Mio, Smol, Tokio, scarce};

#[test]
fn listeners_survive_running_out_of_descriptors_and_the_limit_can_be_raised() {
    scarce::a_listener_survives_running_out_of_descriptors::<Tokio>();
    scarce::a_listener_survives_running_out_of_descriptors::<AsyncIo<Smol>>();
    scarce::a_listener_survives_running_out_of_descriptors::<AsyncIo<AsyncStd>>();
    scarce::a_listener_survives_running_out_of_descriptors::<Mio>();
    scarce::a_listener_survives_running_out_of_descriptors::<Blocking>();

    let (_, hard) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap();
    assert_eq!(finewire_tokio::raise_descriptor_limit().unwrap(), hard);
}
