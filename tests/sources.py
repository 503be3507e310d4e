"""Small trees as the public data sets are handed out, drawn on the spot: the layouts and names are theirs, the pictures noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64


def picture(seed: int, *, channels: int = 1, side: int = SIDE) -> NDArray[np.uint8]:
    """Smooth noise: no two are alike."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    large = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))
    return large if channels == 3 else large[..., 0]


def save(path: Path, seed: int, *, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed, channels=channels)).save(path)


NIH_ROWS = (
    ("00000001_000.png", "Cardiomegaly", 1, "058Y", "M", "PA"),
    ("00000001_001.png", "Cardiomegaly|Emphysema", 1, "059Y", "M", "PA"),
    ("00000002_000.png", "No Finding", 2, "006M", "F", "AP"),
    ("00000003_000.png", "Infiltration|Pleural_Thickening", 3, "414", "F", "PA"),
    ("00000004_000.png", "Hernia", 4, "81", "M", "AP"),
)
NIH_COLUMNS = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position"


def nih(root: Path, *, flat: bool = False, lists: bool = True, header: str = NIH_COLUMNS) -> Path:
    """Five films of four patients; patients 1, 2 and 4 on the list for training, 3 on the test list."""
    root.mkdir(parents=True, exist_ok=True)
    lines = [header]
    for index, (name, findings, patient, age, sex, view) in enumerate(NIH_ROWS):
        lines.append(f"{name},{findings},0,{patient},{age},{sex},{view}")
        folder = root if flat else root / f"images_{index % 2 + 1:03d}" / "images"
        save(folder / name, index)
    (root / "Data_Entry_2017_v2020.csv").write_text("\n".join(lines) + "\n")
    boxes = ["Image Index,Finding Label,Bbox [x,y,w,h],,,", "00000003_000.png,Infiltrate,256,512,128,256,,,"]
    (root / "BBox_List_2017.csv").write_text("\n".join([*boxes, "00099999_000.png,Mass,1,1,5,5,,,"]) + "\n")
    if lists:
        names = [row[0] for row in NIH_ROWS]
        (root / "train_val_list.txt").write_text("\n".join(name for name in names if "0003_" not in name))
        (root / "test_list.txt").write_text("00000003_000.png\n")
    return root


def pneumonia(root: Path) -> Path:
    """Kaggle's tree, with what its archive leaves behind."""
    healthy = ["IM-0115-0001.jpeg", "IM-0115-0002.jpeg", "NORMAL2-IM-0116-0001-0001.jpeg"]
    ill = ["person1_bacteria_1.jpeg", "person1_bacteria_2.jpeg"]
    names = {
        "train/NORMAL": [*healthy, *(f"IM-{number}-0001.jpeg" for number in range(200, 222))],
        "train/PNEUMONIA": [*ill, *(f"person{number}_virus_{number}.jpeg" for number in range(100, 122))],
        "val/NORMAL": ["NORMAL2-IM-1427-0001.jpeg"],
        "val/PNEUMONIA": ["person1946_bacteria_4874.jpeg"],
        "test/NORMAL": ["IM-0001-0001.jpeg"],
        "test/PNEUMONIA": ["person1_virus_6.jpeg", "person1_virus_7.jpeg"],
    }
    seed = 0
    for folder, files in names.items():
        for name in files:
            save(root / "chest_xray" / folder / name, seed)
            seed += 1
    (root / "chest_xray" / "train" / ".DS_Store").write_bytes(b"x")
    save(root / "__MACOSX" / "chest_xray" / "train" / "NORMAL" / "._IM-0115-0001.jpeg", 1)
    return root


LABELS = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC")


def isic(root: Path, *, lesions: int = 24) -> Path:
    """Tables of three data sets that overlap: HAM10000's first picture is also ISIC 2019's first."""
    root.mkdir(parents=True, exist_ok=True)
    truth = [f"image,{','.join(LABELS)},UNK"]
    metadata = ["image,age_approx,anatom_site_general,lesion_id,sex"]
    for number in range(2 * lesions):
        name = f"ISIC_{number:07d}" + ("_downsampled" if number == 5 else "")
        marks = [float(label == LABELS[number // 2 % 8]) for label in LABELS]
        truth.append(f"{name},{','.join(map(str, marks))},0.0")
        lesion = f"HAM_{number // 2:07d}" if number != 7 else ""
        metadata.append(f"{name},{30 + number},anterior torso,{lesion},{'male' if number % 2 else 'female'}")
        save(root / "ISIC_2019_Training_Input" / f"{name}.jpg", number, channels=3)
    truth.append(f"ISIC_0009999,{','.join(['0.0'] * 8)},1.0")
    (root / "ISIC_2019_Training_GroundTruth.csv").write_text("\n".join(truth) + "\n")
    (root / "ISIC_2019_Training_Metadata.csv").write_text("\n".join(metadata) + "\n")
    ham = ["lesion_id,image_id,dx,dx_type,age,sex,localization"]
    ham += ["HAM_0000000,ISIC_0000000,mel,histo,30,female,back", "HAM_0000900,ISIC_0050000,akiec,follow_up,70,male,face"]
    ham += ["HAM_0000900,ISIC_0050001,akiec,consensus,70,male,face"]
    (root / "HAM10000_metadata.csv").write_text("\n".join(ham) + "\n")
    bcn = ["bcn_filename,age_approx,anatom_site_general,diagnosis,lesion_id,capture_date,sex,split"]
    bcn += ["BCN_0000000001.jpg,55.0,anterior torso,MEL,BCN_0003884,2012-05-16,male,train"]
    (root / "bcn_20k_train.csv").write_text("\n".join(bcn) + "\n")
    for number, name in enumerate(("ISIC_0050000", "ISIC_0050001", "BCN_0000000001")):
        save(root / "more" / f"{name}.jpg", 900 + number, channels=3)
    return root
