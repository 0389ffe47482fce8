"""make_images.py FOLDER: inputs of every kind, as a dataset holds them."""
import os
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))
from program import INFOTEXT, png  # noqa: E402


def write(folder, numbers):
    os.makedirs(folder)
    for i in numbers:
        with open(os.path.join(folder, "%08d.png" % i), "wb") as file:
            file.write(png(INFOTEXT % i))


def main(root):
    write(os.path.join(root, "by_user", "ann"), range(0, 700))
    write(os.path.join(root, "by_user", "bob"), range(700, 1200))
    for name, numbers in (("packed.tar", range(1200, 1500)),
                          ("packed.tar.gz", range(1500, 1700)),
                          ("packed.zip", range(1700, 2000))):
        folder = os.path.join(root, name + ".content")
        write(folder, numbers)
        path = os.path.join(root, name)
        if name.endswith(".zip"):
            subprocess.run(["zip", "-q", "-r", os.path.abspath(path), "."],
                           cwd=folder, check=True)
        else:
            with tarfile.open(path, "w:gz" if "gz" in name else "w") as tar:
                tar.add(folder, arcname="")
        subprocess.run(["rm", "-r", folder], check=True)
    for name, content in (("page.png", b"<html>404</html>"), ("empty.jpg", b""),
                          ("cut.tar", b"not a tar"), ("notes.txt", b"no")):
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)


main(sys.argv[1])
