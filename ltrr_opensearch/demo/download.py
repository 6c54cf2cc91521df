"""Icecat from its public source, when it is not at hand: pinned commit, pinned checksums, one clear message on failure.

The products come as four zipped JSON arrays. Image addresses and any precomputed vectors are dropped, which gives
the same records, in the same order, as the prepared `products.jsonl.gz`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Json

REPOSITORY = "o19s/chorus"
COMMIT = "d2035d3bfa630b1fd48ded62835f5ded7b988e0c"
BASE = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/"

PRODUCT_FOLDER = "data-encoder/ecommerce/vectors/data/"
PRODUCTS: Mapping[str, str] = {
    PRODUCT_FOLDER + "1.json.zip": "15b622a11a6267aa0c450919a84b0fc41d7748db552f4c9c0e04167bbc7c38cb",
    PRODUCT_FOLDER + "2.json.zip": "17d95160289440d03ca50af65c1363d9edd1d5e82678ddb874b27aeac1f87c33",
    PRODUCT_FOLDER + "3.json.zip": "d4d088908fa648da7e79682872a77771ba42f065b253c4fb0f333e630d94f45a",
    PRODUCT_FOLDER + "4.json.zip": "533329e5173eac349ce61512fc86a352d5f6651e31694e03aa6e8428cbeaf3c0",
}
RATINGS: Mapping[str, str] = {
    "katas/Broad_Query_Set_individual_ratings.csv": "cdaaa60503c87450730ad86b614fcd0026cdd6069ac1b7a5189b1b44ca785e30",
}

Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """The bytes behind an address; the address is always one of ours, https and pinned."""
    with urlopen(url, timeout=60) as reply:  # noqa: S310
        return bytes(reply.read())


def download(
    folder: Path, base: str = BASE, get: Fetch = fetch, progress: Callable[[str], None] = lambda _: None
) -> Path:
    """Fill `folder` with the product file and the ratings; files that are there and sound are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, digest in {**PRODUCTS, **RATINGS}.items():
        progress(path)
        _one(folder / Path(path).name, base + path, digest, get)
    target = folder / "products.jsonl.gz"
    if not target.exists():
        partial = target.with_suffix(".part")
        with gzip.open(partial, "wt", encoding="utf-8") as out:
            for product in converted(folder / Path(path).name for path in PRODUCTS):
                out.write(json.dumps(product, ensure_ascii=False) + "\n")
        partial.rename(target)
    return folder


def converted(archives: Iterator[Path]) -> Iterator[Json]:
    """The products of the zipped arrays, without image addresses and vectors."""
    for archive in archives:
        with zipfile.ZipFile(archive) as files:
            for name in files.namelist():
                for product in json.loads(files.read(name)):
                    yield {k: v for k, v in product.items() if not k.startswith("img_") and not k.endswith("_vector")}


def _one(target: Path, url: str, digest: str, get: Fetch) -> None:
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == digest:
        return
    try:
        content = get(url)
    except (URLError, OSError) as error:
        raise DataError(
            f"could not download {url}: {getattr(error, 'reason', error)}. Without a network, put the Icecat files "
            "(products.jsonl.gz and Broad_Query_Set_individual_ratings.csv) into a folder icecat/ and name its parent "
            "in LTRR_DATA"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise DataError(f"{url} has sha256 {found}, expected {digest}: refused; something on the way changed the file")
    partial = target.with_suffix(".part")
    partial.write_bytes(content)
    partial.rename(target)
