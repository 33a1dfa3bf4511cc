from topologies.runtime.caution import Caution, Cautions

USUAL = 5_000


def test_without_a_failure_there_is_none() -> None:
    caution = Caution()
    caution.committed(10)

    assert (False, USUAL) == (bool(caution), caution.steps_max(USUAL))


def test_one_step_at_fault_is_alone_after_a_dozen_failures() -> None:
    caution = Caution()
    steps, failures = USUAL, 0
    while steps > 1:
        caution.failed(steps)
        failures += 1
        steps = caution.steps_max(USUAL)

    assert 12 == failures


def test_it_ends_when_as_much_is_committed_as_had_failed() -> None:
    caution = Caution()
    caution.failed(100)
    caution.failed(50)
    taken = []
    while caution:
        taken.append(caution.steps_max(USUAL))
        caution.committed(taken[-1])

    assert [25, 50, 100] == taken
    assert USUAL == caution.steps_max(USUAL)


def test_a_single_step_is_never_halved() -> None:
    caution = Caution()
    caution.failed(1)

    assert 1 == caution.steps_max(USUAL)


def test_commits_without_steps_teach_nothing() -> None:
    caution = Caution()
    caution.failed(8)
    for _ in range(1_000):
        caution.committed(0)

    assert 4 == caution.steps_max(USUAL)


def test_each_task_has_its_own() -> None:
    """The successes of a busy task would end the caution with another, which then fails with a full batch again."""
    cautions = Cautions()
    cautions.failed({0: 1_000, 1: 0})
    for _ in range(100):
        cautions.committed({1: 5_000, 2: 5_000})

    assert (500, USUAL) == (cautions.steps_max(0, USUAL), cautions.steps_max(1, USUAL))
    assert (True, False, True) == (0 in cautions, 1 in cautions, bool(cautions))

    cautions.committed({0: 500})
    cautions.committed({0: 500})

    assert (USUAL, False) == (cautions.steps_max(0, USUAL), bool(cautions))
