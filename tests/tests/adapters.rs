//! Every runtime adapter passes the same suite over real loopback sockets.

macro_rules! conformance {
    ($name:ident: $adapter:ty, $($scenario:ident::$test:ident,)*) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    finewire_tests::adapters::$scenario::$test::<$adapter>();
                }
            )*
        }
    };
}

macro_rules! each_adapter {
    ($($name:ident: $adapter:ty;)*) => {
        $(conformance! {
            $name: $adapter,
            links::a_link_opens_is_accepted_and_closes_on_both_sides,
            links::a_name_is_resolved,
            links::a_name_that_does_not_resolve_is_name_not_found,
            links::a_refused_connection_closes_with_refused,
            links::a_taken_port_is_address_in_use,
            links::a_listen_address_that_is_no_ip_address_fails,
            links::after_unlisten_the_port_is_closed_and_accepted_links_stay,
            links::a_close_while_connecting_cancels,
            links::a_close_in_the_middle_of_connecting_is_asked,
            links::accepted_links_are_bounded,
            flow::what_is_sent_comes_back_whatever_its_size,
            flow::a_send_of_thousands_of_tiny_buffers_arrives_whole,
            flow::a_slow_reader_holds_back_sent,
            flow::a_paused_link_is_not_read,
            flow::untaken_events_hold_back_the_peer,
            flow::timers_fire_in_order,
            flow::a_flood_starves_neither_timers_nor_other_links,
            flow::a_machine_that_is_always_due_still_hears_sockets_and_owner,
            flow::the_wall_time_is_known_before_anything_else,
            flow::traces_pass,
            flow::a_half_closed_peer_is_eof_after_its_last_bytes,
            flow::a_write_under_way_outlives_the_peers_half_close,
            flow::a_reset_is_eof,
            closing::flush_delivers_every_byte_before_the_end,
            closing::flush_is_no_reset_though_the_peer_is_still_talking,
            closing::abort_drops_what_is_under_way,
            closing::a_link_closes_exactly_once,
            closing::shutting_down_ends_every_command,
            closing::shutting_down_closes_links_and_listeners,
            closing::shutting_down_works_while_the_machine_stands_still,
            tls::tls_carries_bytes_both_ways,
            tls::an_accepted_link_is_secured_and_hears_the_end,
            tls::another_certificate_than_the_pinned_is_a_pin_mismatch,
            tls::a_certificate_of_an_unknown_issuer_is_refused,
            tls::a_peer_without_tls_is_not_tls,
            tls::a_client_without_tls_is_not_tls,
            tls::a_missing_profile_is_no_profile,
            tls::a_link_is_secured_in_the_middle_of_a_conversation,
        })*
    };
}

each_adapter! {
    tokio: finewire_tests::adapters::Tokio;
    smol: finewire_tests::adapters::AsyncIo<finewire_tests::adapters::Smol>;
    async_std: finewire_tests::adapters::AsyncIo<finewire_tests::adapters::AsyncStd>;
    blocking: finewire_tests::adapters::Blocking;
    mio: finewire_tests::adapters::Mio;
}

/// All but blocking are meant for thousands. Both ends of a link are here: 1000 links are 2000 descriptors.
mod many {
    use finewire_tests::adapters::{AsyncIo, AsyncStd, Blocking, Mio, Smol, Tokio, many};

    #[test]
    fn tokio_serves_a_thousand_links_at_once() {
        many::links_at_once::<Tokio>(1000);
    }

    #[test]
    fn smol_serves_a_thousand_links_at_once() {
        many::links_at_once::<AsyncIo<Smol>>(1000);
    }

    #[test]
    fn async_std_serves_a_thousand_links_at_once() {
        many::links_at_once::<AsyncIo<AsyncStd>>(1000);
    }

    #[test]
    fn mio_serves_a_thousand_links_at_once() {
        many::links_at_once::<Mio>(1000);
    }

    #[test]
    fn blocking_serves_50_links_at_once() {
        many::links_at_once::<Blocking>(50);
    }
}

/// What takes ten seconds by design, all adapters side by side.
mod half_open {
    use finewire_tests::adapters::{
        Adapter, AsyncIo, AsyncStd, Blocking, Mio, Smol, Tokio, closing,
    };

    fn both<A: Adapter>() {
        std::thread::scope(|scope| {
            scope.spawn(closing::a_half_open_peer_is_given_up_after_the_flush::<A>);
            scope.spawn(closing::a_half_open_peer_does_not_hold_the_flush_up_for_ever::<A>);
        });
    }

    #[test]
    fn a_half_open_peer_is_given_up_on_every_adapter() {
        std::thread::scope(|scope| {
            scope.spawn(both::<Tokio>);
            scope.spawn(both::<AsyncIo<Smol>>);
            scope.spawn(both::<AsyncIo<AsyncStd>>);
            scope.spawn(both::<Blocking>);
            scope.spawn(both::<Mio>);
        });
    }
}
