from cosim.launch.running import since_built


def test_waiting_for_others_to_be_built_is_no_part_of_the_simulation() -> None:
    found = since_built(10.0, [4.0, 10.5, 12.0], [6.2, 0.1, 0.0])
    assert found["begin_s"] == [0.0, 0.5, 2.0]
    assert abs(found["wait_s"][0] - 0.2) < 1e-12
    assert found["wait_s"][1:] == [0.1, 0.0]
