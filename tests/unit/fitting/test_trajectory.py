"""The recorder of epochs and its reader."""

import h5py
import numpy as np
import pytest

from stbench.fitting.trajectory import TrajectoryRecorder, read_embedding, read_epochs


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trajectory.h5"


def test_epochs_come_back_as_they_were_recorded(path):
    epochs = {epoch: np.random.default_rng(epoch).normal(size=(7, 3)) for epoch in (0, 1, 5)}
    with TrajectoryRecorder(path, 7) as record:
        for epoch, embedding in epochs.items():
            record(epoch, embedding)
    assert read_epochs(path).tolist() == [0, 1, 5] and read_epochs(path).dtype == np.int32
    for index, embedding in enumerate(epochs.values()):
        np.testing.assert_array_equal(read_embedding(path, index), embedding.astype(np.float32))
    assert record.called
    np.testing.assert_array_equal(record.untrained, epochs[0].astype(np.float32))


def test_each_epoch_is_one_compressed_chunk(path):
    with TrajectoryRecorder(path, 500) as record:
        for epoch in range(20):
            record(epoch, np.ones((500, 64)))
    with h5py.File(path) as file:
        assert file["embedding"].chunks == (1, 500, 64)
        assert file["embedding"].compression == "lzf" and file["embedding"].shuffle
    assert path.stat().st_size < 20 * 500 * 64 * 4 / 5


def test_what_is_recorded_does_not_follow_later_changes(path):
    values = np.zeros((4, 2), np.float32)
    with TrajectoryRecorder(path, 4) as record:
        record(0, values)
        values += 1
        record(1, values)
    assert record.untrained.sum() == 0
    assert read_embedding(path, 0).sum() == 0 and read_embedding(path, 1).sum() == 8


def test_without_a_file_only_the_untrained_embedding_is_kept(tmp_path):
    with TrajectoryRecorder(None, 4) as record:
        record(0, np.ones((4, 100)))
        record(1, np.zeros((4, 100)))
    assert record.untrained.shape == (4, 100)
    assert list(tmp_path.iterdir()) == []


def test_without_a_call_there_is_no_file(path):
    with TrajectoryRecorder(path, 4) as record:
        pass
    assert not record.called and record.untrained is None and not path.exists()


def test_a_training_that_fails_leaves_no_file(path):
    with pytest.raises(RuntimeError), TrajectoryRecorder(path, 4) as record:
        record(0, np.zeros((4, 2)))
        raise RuntimeError
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("embedding", "said"),
    [
        (np.zeros((4, 129)), "129 columns are too many.*at most 128"),
        (np.zeros((3, 2)), r"shape \(3, 2\).*\(4, columns\)"),
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((4, 0)), r"shape \(4, 0\)"),
        (np.zeros((4, 3)), "epoch 1 has 3 columns.* have 2"),
    ],
)
def test_a_wrong_shape_is_refused(path, embedding, said):
    with pytest.raises(ValueError, match=said), TrajectoryRecorder(path, 4) as record:
        record(0, np.zeros((4, 2)))
        record(1, embedding)


def test_epochs_must_ascend(path):
    with pytest.raises(ValueError, match="epoch 3 comes after epoch 3"):  # noqa: SIM117
        with TrajectoryRecorder(path, 4) as record:
            record(3, np.zeros((4, 2)))
            record(3, np.zeros((4, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_end_the_training(path, bad):
    with pytest.raises(FloatingPointError, match="epoch 2"), TrajectoryRecorder(path, 4) as record:
        record(2, np.full((4, 2), bad))
