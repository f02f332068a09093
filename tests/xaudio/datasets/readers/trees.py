"""Small copies of data sets as they are published: the same names, columns and oddities."""

import io
import tarfile
import zipfile

SOUND = b"not decoded when a manifest is made"


def write_sounds(folder, *sounds):
    for place in sounds:
        write(folder, place, SOUND)
    return folder


def write(folder, place, content):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_tar(folder, place, *members):
    path = write(folder, place, b"")
    with tarfile.open(path, "w") as archive:
        for name in members:
            member = tarfile.TarInfo(name)
            member.size = len(SOUND)
            archive.addfile(member, io.BytesIO(SOUND))
    return path


def write_zip(folder, place, *members):
    path = write(folder, place, b"")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in members:
            archive.writestr(name, SOUND)
    return path


def told(manifest, *columns):
    """The manifest's rows as tuples of the columns asked for."""
    return [tuple(getattr(row, column) for column in columns) for row in manifest]


def places(manifest, folder):
    """Where each clip's audio is, from the folder on."""
    return [
        (row.path.relative_to(folder).as_posix(), row.member)
        if row.member
        else row.path.relative_to(folder).as_posix()
        for row in manifest
    ]
