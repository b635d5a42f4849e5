from devstack.prove.load.places import Place, Places


def test_a_record_has_no_place_until_it_is_acknowledged() -> None:
    places = Places(3)

    places.put(1, Place(2, 2**40, 1_700_000_000_123))

    assert list(places) == [None, Place(2, 2**40, 1_700_000_000_123), None]
    assert len(places) == 3
