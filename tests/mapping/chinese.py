"""The study cohort as a hospital in China would keep it: one workbook, a sheet a kind of record."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from .cohort import cohort_rows

YES_NO = {"yes": "是", "no": "否", "": ""}
SEX = {"male": "男", "female": "女"}
DRUGS = {
    "azathioprine": "硫唑嘌呤",
    "prednisone": "泼尼松",
    "EEN": "全肠内营养",
    "methotrexate": "甲氨蝶呤",
    "adalimumab": "阿达木单抗",
    "thalidomide": "沙利度胺",
}
ANALYTES = {
    "CRP": "C反应蛋白",
    "ESR": "血沉",
    "WBC": "白细胞",
    "HGB": "血红蛋白",
    "PLT": "血小板",
    "ALB": "白蛋白",
}
REASONS = {"ifx_stopped": "停用英夫利昔", "transferred_to_adult_care": "转成人科"}
CONDITIONS = {"lymphoma": "淋巴瘤", "active_tuberculosis": "活动性结核"}
ITEMS = {
    "abdominal_pain": "腹痛",
    "stools": "大便",
    "functioning": "日常活动",
    "hematocrit": "红细胞压积评分",
    "esr": "血沉评分",
    "albumin": "白蛋白评分",
    "weight": "体重评分",
    "height": "身高评分",
    "abdomen": "腹部检查",
    "perirectal": "肛周病变",
    "extraintestinal": "肠外表现",
    "total": "PCDAI总分",
}


def in_words(day: str) -> str:
    """2017-07-24 as 2017年7月24日, also a month or a year alone."""
    return "".join(
        f"{int(part)}{unit}" for part, unit in zip(day.split("-"), "年月日", strict=False) if part
    )


def excel_day(day: str) -> date | None:
    return date.fromisoformat(day) if day else None


def number(cell: str) -> float | str | None:
    """A number as a number, a limit as text."""
    if not cell:
        return None
    return cell if cell[0] in "<>" else float(cell)


def write_workbook(path: Path) -> Path:
    """Chinese sheets and headers, dates in words or as Excel's, codes in Chinese, own units."""
    book = Workbook()
    book.remove(book.active)

    def sheet(title: str, header: list[str], rows: list[list[object]]) -> None:
        page = book.create_sheet(title)
        for row in [header, *rows]:
            page.append(row)

    sheet(
        "患者基本信息",
        ["研究编号", "姓名", "住院号", "中心", "性别", "出生日期", "起病日期", "诊断日期", "诊断"],
        [
            [r["patient_id"], "*", f"Z{n:06}", r["centre"], SEX[r["sex"]],
             in_words(r["birth_date"]), in_words(r["onset_on"]), in_words(r["diagnosed_on"]),
             "克罗恩病"]
            for n, r in enumerate(cohort_rows("patients"))
        ],
    )  # fmt: skip
    sheet(
        "巴黎分型",
        ["研究编号", "评估日期", "病变部位", "上消化道", "疾病行为", "肛周病变", "生长迟缓"],
        [
            [r["patient_id"], excel_day(r["assessed_on"]), r["location"], r["upper_gi"],
             r["behaviour"], YES_NO[r["perianal"]], r["growth"]]
            for r in cohort_rows("phenotypes")
        ],
    )  # fmt: skip
    sheet(
        "体格测量",
        ["研究编号", "测量日期", "身高(m)", "体重(kg)", "身高Z值", "BMI Z值"],
        [
            [r["patient_id"], excel_day(r["measured_on"]),
             float(Decimal(r["height_cm"]) / 100) if r["height_cm"] else None,
             number(r["weight_kg"]), number(r["height_z"]), number(r["bmi_z"])]
            for r in cohort_rows("anthropometry")
        ],
    )  # fmt: skip
    sheet(
        "英夫利昔输注",
        ["研究编号", "输注日期", "剂量(mg)", "体重(kg)", "药品名称"],
        [
            [r["patient_id"], excel_day(r["infused_on"]), number(r["dose_mg"]),
             number(r["weight_kg"]), r["product"]]
            for r in cohort_rows("infusions")
        ],
    )  # fmt: skip
    sheet(
        "药物浓度",
        ["研究编号", "采样日期", "英夫利昔谷浓度(μg/mL)", "抗药抗体(AU/mL)", "检测方法"],
        [
            [r["patient_id"], in_words(r["sampled_on"]), number(r["ifx_ug_ml"]),
             r["ada_au_ml"].replace("<", "＜"), r["assay"]]
            for r in cohort_rows("tdm_levels")
        ],
    )  # fmt: skip
    sheet(
        "PCDAI评分",
        ["研究编号", "就诊日期", *ITEMS.values()],
        [
            [r["patient_id"], excel_day(r["visited_on"]), *(number(r[name]) for name in ITEMS)]
            for r in cohort_rows("pcdai_visits")
        ],
    )
    sheet(
        "化验结果",
        ["研究编号", "采血日期", "检验项目", "结果", "单位"],
        [
            [r["patient_id"], excel_day(r["collected_on"]), ANALYTES[r["analyte"]],
             number(r["value"]), r["unit"].replace("10^9", "×10⁹")]
            for r in cohort_rows("lab_results")
        ],
    )  # fmt: skip
    sheet(
        "合并用药",
        ["研究编号", "药物", "开始日期", "停药日期"],
        [
            [r["patient_id"], DRUGS[r["drug"]], in_words(r["started_on"]),
             in_words(r["stopped_on"])]
            for r in cohort_rows("medications")
        ],
    )  # fmt: skip
    sheet(
        "内镜检查",
        ["研究编号", "检查日期", "CDEIS"],
        [
            [r["patient_id"], excel_day(r["performed_on"]), number(r["cdeis"])]
            for r in cohort_rows("endoscopies")
        ],
    )
    sheet(
        "手术",
        ["研究编号", "手术日期", "手术名称"],
        [
            [r["patient_id"], excel_day(r["performed_on"]), r["procedure"]]
            for r in cohort_rows("surgeries")
        ],
    )
    sheet(
        "基因检测",
        ["研究编号", "报告日期", "基因", "cDNA改变", "蛋白改变", "合子状态", "ACMG分级", "疾病"],
        [
            [r["patient_id"], excel_day(r["reported_on"]), r["gene"], r["hgvs_c"], r["hgvs_p"],
             {"hemizygous": "半合子"}[r["zygosity"]], {"pathogenic": "致病"}[r["acmg_class"]],
             r["diagnosis"]]
            for r in cohort_rows("gene_findings")
        ],
    )  # fmt: skip
    sheet(
        "合并症",
        ["研究编号", "合并症", "发病日期", "缓解日期"],
        [
            [r["patient_id"], CONDITIONS[r["condition"]], in_words(r["onset_on"]),
             in_words(r["resolved_on"])]
            for r in cohort_rows("conditions")
        ],
    )  # fmt: skip
    sheet(
        "随访结束",
        ["研究编号", "结束日期", "结束原因", "备注"],
        [
            [r["patient_id"], excel_day(r["ended_on"]), REASONS[r["reason"]], r["note"]]
            for r in cohort_rows("follow_up_ends")
        ],
    )
    book.save(path)
    return path
