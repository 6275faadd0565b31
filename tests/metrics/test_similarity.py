"""Similarity against the definitions, an independent implementation, and closed forms."""

import numpy as np
import pytest

from gan_jax.metrics import similarity

# What tf.image.ssim(a, b, max_val=255) and tf.image.psnr gave for the two images of `pair()`, TensorFlow
# 2.21.
TENSORFLOWS_SSIM = [0.9035565, 0.9191523]
TENSORFLOWS_PSNR = [18.975267, 18.893421]


def noise(seed, shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def pair():
    """Two images of the same scene, not square, with three different channels."""
    scene = noise(0, (2, 17, 14, 3)).astype(int) // 2 + np.arange(14)[:, None] * 8
    return np.clip(scene, 0, 255).astype(np.uint8), np.clip(
        scene + noise(1, (2, 17, 14, 3)) // 5, 0, 255
    ).astype(np.uint8)


def by_definition(a, b):
    """Wang et al. 2004, Eq. 13, window by window in loops; the mean over windows and channels."""
    offsets = np.arange(-5, 6)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    weights /= weights.sum()
    values = []
    for top in range(a.shape[0] - 10):
        for left in range(a.shape[1] - 10):
            for channel in range(a.shape[2]):
                x, y = (z[top : top + 11, left : left + 11, channel].astype(float) for z in (a, b))
                mx, my = (weights * x).sum(), (weights * y).sum()
                vx, vy = (weights * (x - mx) ** 2).sum(), (weights * (y - my) ** 2).sum()
                cov = (weights * (x - mx) * (y - my)).sum()
                c1, c2 = 2.55**2, 7.65**2
                values.append((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return np.mean(values)


def test_ssim_is_its_definition_and_tensorflows(monkeypatch):
    monkeypatch.setattr(similarity, "_PART", 1)
    a, b = pair()
    found = similarity.ssim(a, b)
    np.testing.assert_allclose(
        found, [by_definition(*images) for images in zip(a, b, strict=True)], rtol=1e-9
    )
    np.testing.assert_allclose(found, TENSORFLOWS_SSIM, rtol=1e-4)
    assert ((found > 0.3) & (found < 0.99)).all()


def test_psnr_is_tensorflows():
    a, b = pair()
    np.testing.assert_allclose(similarity.psnr(a, b), TENSORFLOWS_PSNR, rtol=1e-5)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_closed_forms(level):
    flat = np.full((3, 11, 12, 1), level, np.uint8)
    shifted = np.full_like(flat, abs(level - 20))
    # Without variance, only SSIM's term of the means remains.
    other = abs(level - 20)
    want = (2 * level * other + 2.55**2) / (level**2 + other**2 + 2.55**2)
    found = similarity.measures(flat, shifted)
    assert found["l1"] == abs(level - other)
    assert found["psnr"] == pytest.approx(20 * np.log10(255 / abs(level - other)))
    assert found["ssim"] == pytest.approx(want)
    same = similarity.measures(flat, flat)
    assert (same["l1"], same["ssim"]) == (0, 1)
    assert same["psnr"] == pytest.approx(20 * np.log10(510))


def test_a_negative_of_noise_is_as_unlike_as_can_be():
    a = noise(2, (1, 32, 32, 1))
    # The covariance is minus the variance, and both means are half the range.
    assert similarity.ssim(a, 255 - a)[0] == pytest.approx(-1, abs=0.1)


def test_too_small_images_have_no_ssim():
    small = noise(3, (2, 10, 20, 3))
    assert similarity.measures(small, small)["ssim"] is None
    with pytest.raises(ValueError, match=r"^images of 10x20 pixels hold no window of 11x11$"):
        similarity.ssim(small, small)
