"""Makes the odd files beside it; what each must give stands in expectations.toml.

Run it from the project: `python tests/importing/odd_files/make.py`. A workbook holds the moment it
was made, so its bytes change; write only those that are new: files that are there are left alone.
"""

from __future__ import annotations

from pathlib import Path

from workbooks import BOOKS, LAB, MEASURED, PATIENTS, PHENOTYPES, computed, one_sheet, workbook

HERE = Path(__file__).parent
WITH_ONSET = "patient_id,centre,sex,birth_date,onset_on,diagnosed_on,diagnosis"
LEVELS = "patient_id,sampled_on,ifx_ug_ml,ada_au_ml"
OPERATED = "patient_id,performed_on,procedure"
P3 = "P3,BCH,male,2010-01-15,CD"
P4 = "P4,BCH,female,2011-02-03,UC"


def lines(*texts: str, end: str = "\n") -> str:
    return "".join(text + end for text in texts)


def births(*cells: str) -> str:
    """Patients P3, P4, ... born on what the cells say."""
    rows = (f'P{number},BCH,male,"{cell}",CD' for number, cell in enumerate(cells, start=3))
    return lines(PATIENTS, *rows)


def onsets(*cells: str) -> str:
    """Patients P3, P4, ... whose disease began when the cells say."""
    rows = (f'P{number},BCH,male,2001-01-01,"{cell}",,CD' for number, cell in enumerate(cells, 3))
    return lines(WITH_ONSET, *rows)


def column(header: str, row: str, *cells: str) -> str:
    """A row per cell: `row` with {n}, which counts days from 1, and {cell}."""
    rows = (row.format(n=f"{number:02}", cell=cell) for number, cell in enumerate(cells, start=1))
    return lines(header, *rows)


def heights(*cells: str) -> str:
    return column(MEASURED, 'P1,2020-01-{n},"{cell}",,', *cells)


def weights(*cells: str) -> str:
    return column(MEASURED, 'P1,2020-01-{n},,"{cell}",', *cells)


def levels(*cells: str) -> str:
    return column(LEVELS, 'P1,2020-01-{n},"{cell}",', *cells)


def flags(*cells: str) -> str:
    return column(PHENOTYPES, "P1,2020-01-{n},{cell}", *cells)


def lab(*cells: str) -> str:
    """Rows of analyte, value and unit, each of a day of its own."""
    return column(LAB, "P1,2020-01-{n},{cell}", *cells)


TEXTS: dict[str, bytes | str] = {
    # Encodings
    "patients/utf8_with_mark.csv": lines("\ufeff" + PATIENTS, "P3,北京,male,2010-01-15,CD"),
    "patients/utf16_unicode_text.txt": lines(
        PATIENTS.replace(",", "\t"), "P3\t北京\tmale\t2010-01-15\tCD", end="\r\n"
    ).encode("utf-16"),
    "patients/utf16_big_endian.csv": b"\xfe\xff" + lines(PATIENTS, P3).encode("utf-16-be"),
    "patients/utf16_without_mark.csv": lines(PATIENTS, P3).encode("utf-16-le"),
    "patients/utf16_cut_off.csv": lines(PATIENTS, P3).encode("utf-16")[:-1],
    "patients/gb18030.csv": lines(
        PATIENTS, "P3,首都医科大学附属北京儿童医院,male,2010年1月15日,CD", end="\r\n"
    ).encode("gb18030"),
    "patients/big5_said.csv": lines(PATIENTS, "P3,臺北榮總,male,2010-01-15,CD").encode("big5"),
    "patients/latin1.csv": lines(PATIENTS, "P3,Zürich,male,2010-01-15,CD", P4).encode("latin-1"),
    "patients/cp1252_said.csv": lines(PATIENTS, "P3,Zürich – Süd,male,2010-01-15,CD").encode(
        "cp1252"
    ),
    "patients/not_in_what_is_said.csv": lines(PATIENTS, P4, "P3,Zürich,male,2010-01-15,CD").encode(
        "latin-1"
    ),
    "patients/utf8_one_bad_byte.csv": lines(PATIENTS, "P4,上海,male,2010-01-15,CD").encode()
    + b"P3,\xe5\x8c\x97\xe4\xba,male,2010-01-15,CD\n",
    # Separators and quotes
    "patients/semicolons.csv": lines(PATIENTS, P3, P4).replace(",", ";"),
    "patients/separator_said.csv": lines(
        "sep=;", *lines(PATIENTS, P3).splitlines(), end="\r\n"
    ).replace(",", ";"),
    "patients/tabs.tsv": lines(PATIENTS, P3).replace(",", "\t"),
    "patients/tabs_named_csv.csv": lines(PATIENTS, P3).replace(",", "\t"),
    "patients/semicolons_and_commas_inside.csv": lines(
        PATIENTS.replace(",", ";"), "P3;BCH, Ward 2;male;2010-01-15;CD"
    ),
    "patients/quoted.csv": '"patient_id";"centre";"sex";"birth_date";"diagnosis"\n'
    '"P3";"Nord ""A""; Haus\n2";"male";"2010-01-15";"CD"\n',
    "patients/quote_not_closed.csv": lines(PATIENTS, P4, 'P3,"BCH,male,2010-01-15,CD'),
    "patients/old_mac.csv": lines(PATIENTS, P3, P4, end="\r"),
    # Rows and columns that hold nothing, or should not be there
    "patients/empty_columns_behind.csv": lines(PATIENTS + ",,", P3 + ",,", P4 + ", ,"),
    "patients/empty_column_inside.csv": lines(
        "patient_id,,centre,sex,birth_date,diagnosis", "P3,,BCH,male,2010-01-15,CD"
    ),
    "patients/cell_without_a_header.csv": lines(PATIENTS + ",", P3 + ",", P4 + ",see notes"),
    "patients/cell_beyond_the_header.csv": lines(PATIENTS, P3, P4 + ",see notes"),
    "patients/row_too_short.csv": lines(PATIENTS, P3, "P4,BCH"),
    "patients/empty_rows.csv": lines("", ",,,,", PATIENTS, "", P3, " , ,,,\t", P4, ",,,,", ""),
    "patients/title_above.csv": lines("Cohort of the ward, 2024,,,,", ",,,,", PATIENTS, P3, P4),
    "patients/title_and_no_header.csv": lines("Cohort,,,", "Name,Born,Sex,Dx", "A,2010,m,CD"),
    "patients/totals.csv": lines(PATIENTS, P3, P4, "Total,,,,"),
    "patients/totals_counted.csv": lines(PATIENTS, P3, "n = 1,,,,"),
    "patients/totals_chinese.csv": lines(PATIENTS, P3, "合计：,,,,"),
    "patients/named_total.csv": lines(PATIENTS, "Total,BCH,male,2010-01-15,CD"),
    "patients/totals_with_a_date.csv": lines(PATIENTS, P3, "合计,,,2010-01-15,"),
    "patients/only_a_header.csv": lines(PATIENTS),
    "patients/empty.csv": "",
    "patients/only_blank_lines.csv": "\r\n\r\n \r\n",
    "patients/control_character.csv": lines(PATIENTS, "P3,B\x07CH,male,2010-01-15,CD"),
    # Dates
    "patients/dates_year_first.csv": births("2010/1/5", "2010-1-5", "2010.01.05", "20100105"),
    "patients/dates_chinese.csv": births("2010年1月5日", "2010 年 01 月 05 日", "2010年1月5号"),
    "patients/dates_full_width.csv": births("２０１０年１月５日", "２０１０－０１－０５"),
    "patients/dates_english.csv": births(
        "5 Jan 2010", "05-JAN-2010", "5 January 2010", "Jan 5, 2010", "January 5 2010", "2010 Jan 5"
    ),
    "patients/dates_of_excel.csv": births("40183", "18264", "40183.0"),
    "patients/dates_at_midnight.csv": births(
        "2010-01-05T00:00:00", "2010/1/5 0:00", "2010-01-05 00:00:00.000", "2010-01-05T00:00:00Z"
    ),
    "patients/dates_with_a_time.csv": births("2010-01-05 09:30", "2010/1/5 0:01", "40183.5"),
    "patients/dates_ambiguous.csv": births("03/04/2010", "25/04/2010", "1.2.2010", "2010-04-03"),
    "patients/dates_ambiguous_alone.csv": births("03/04/2010"),
    "patients/dates_ambiguous_dmy.csv": births("03/04/2010", "25-04-2010", "1.2.2010"),
    "patients/dates_ambiguous_mdy.csv": births("03/04/2010", "04/25/2010"),
    "patients/dates_against_the_order.csv": births("04/25/2010", "2010-04-03"),
    "patients/dates_that_need_no_order.csv": births("25/04/2010", "03/03/2010", "04-25-2010"),
    "patients/dates_of_two_digits.csv": births("3/4/10", "10年4月3日", "3 Apr 10", "Apr-10"),
    "patients/dates_that_are_none.csv": births(
        "2010年2月30日",
        "31/04/2010",
        "32 Jan 2010",
        "2010-13-01",
        "99999",
        "٢٠١٠-٠١-٠٥",
        "2010/1.5",
        "二〇一〇年一月五日",
        "Jan 5",
        "about 2010",
    ),
    "patients/dates_without_a_day.csv": births(
        "2010-04", "2010年4月", "Apr 2010", "2010", "2010年"
    ),
    "patients/partial_dates.csv": onsets(
        "2010-04",
        "2010/4",
        "4/2010",
        "2010年4月",
        "2010年4月份",
        "Apr 2010",
        "April 2010",
        "2010",
        "2010年",
        "２０１０",
        "2010-04-03",
        "2010年4月3日",
    ),
    "patients/partial_dates_unclear.csv": onsets("2010.4", "201004", "2010-4-", "Spring 2010"),
    "patients/date_of_excel_in_the_future.csv": births("73000"),
    # Codes and study ids
    "patients/codes_in_other_letters.csv": lines(
        PATIENTS,
        "P3,BCH,FEMALE,2010-01-15,cd",
        "P4,BCH,Ｍａｌｅ,2010-01-15,ＣＤ",
        "P5,BCH,male,2010-01-15,Ibdu",
    ),
    "patients/codes_misspelt.csv": lines(
        PATIENTS, "P3,BCH,f,2010-01-15,CD", "P4,BCH,femal,2010-01-15,Crohn"
    ),
    "patients/study_ids.csv": lines(PATIENTS, "Ｐ３,BCH,male,2010-01-15,CD"),
    "phenotypes/flags.csv": flags(
        "yes", "Y", "TRUE", "1", "是", "有", "no", "N", "false", "0", "否", "无", "１", ""
    ),
    "phenotypes/flags_unclear.csv": flags("2", "?", "ja", "yes/no", "√"),
    # Numbers
    "anthropometry/decimal_commas.csv": lines(
        MEASURED.replace(",", ";"), "P1;2020-01-01;121,5;31,25;-0,5", "P1;2020-01-02;121;31,0;"
    ),
    "anthropometry/decimal_commas_quoted.csv": heights("121,5", "121,25", "121,2345", "0121,234"),
    "anthropometry/comma_of_two_meanings.csv": heights("121,234", "99,5"),
    "anthropometry/comma_said.csv": heights("121,234", "121"),
    "anthropometry/point_against_the_comma_said.csv": heights("121.5"),
    "anthropometry/comma_against_the_point_said.csv": heights("121,5"),
    "anthropometry/thousands.csv": weights("1,234.5", "1 234", "1.234,5", "1'234"),
    "anthropometry/full_width.csv": heights("１２１．５", "　121.5　", "＋121.5"),
    "anthropometry/minus_signs.csv": column(
        MEASURED, "P1,2020-01-{n},,,{cell}", "−0.5", "－0.5", "-0.5", "﹣0.5"
    ),
    "anthropometry/units_behind.csv": weights(
        "35.5 kg", "35.5kg", "35.5公斤", "35.5 KG", "35.5　千克"
    ),
    "anthropometry/other_units_behind.csv": lines(
        MEASURED, "P1,2020-01-01,1.52 m,,", "P1,2020-01-02,,3300 g,", "P1,2020-01-03,,,0.5 SDS"
    ),
    "anthropometry/no_numbers.csv": heights(
        "١٢١", "1e2", "1.2E+02", "0x79", "121..5", "121.5.", "about 121", "121*", "½", "n/a"
    ),
    "anthropometry/beyond_the_limit.csv": heights("１２１５", "1215 cm"),
    "infusions/doses.csv": lines(
        "patient_id,infused_on,dose_mg,weight_kg",
        'P1,2020/1/1,150 mg,"25,5"',
        "P1,2020年1月15日,２００毫克,25.5kg",
    ),
    "infusions/totals.csv": lines(
        "patient_id,infused_on,dose_mg,weight_kg",
        "P1,2020-01-01,150,25",
        "P1,2020-01-15,150,25",
        ",,,",
        "Total,,300,",
        "平均,,150,25",
    ),
    "tdm_levels/limits.csv": levels(
        "<0.4",
        "< 0.4",
        "＜0.4",
        "＜ ０．４",
        "<0,4",
        ">20",
        "> 20",
        "＞20",
        ">20.0 ug/mL",
        "5 mg/L",
        "5 μg/ml",
        "5.0↓",
    ),
    "tdm_levels/not_limits.csv": levels(
        "<=0.4", "≤0.4", ">=20", "≥ 20", "0.4-0.8", "低于检测限", "<", "0.4<", "neg", "<1,234"
    ),
    "tdm_levels/other_units.csv": levels("5 g/L", "0.5 mg/dL", "5 U/mL", "<0.4 H"),
    "lab_results/unit_spellings.csv": lab(
        "CRP,1,mg/l",
        "CRP,2,MG/L",
        "CRP,3,ｍｇ／Ｌ",
        "CRP,4,mg / L",
        "ESR,5,mm/hr",
        "ESR,6,mm/1h",
        "WBC,7,×10^9/L",
        "WBC,8,10*9/L",
        "WBC,9,10E9/L",
        "WBC,10,x10⁹/L",
        "WBC,11,10^3/uL",
        "WBC,12,K/μL",
        "PLT,13,G/L",
        "HGB,14,g/l",
        "FCAL,15,μg/g",
        "FCAL,16,µg/g",
        "FCAL,17,mcg/g",
        "HCT,18,％",
        "crp,19,mg/L",
        "HGB,20,克/升",
    ),
    "lab_results/units_that_convert.csv": lab(
        "HCT,0.35,L/L",
        "FCAL,250,mg/kg",
        "WBC,6500,/μL",
        "PLT,45,10^4/uL",
        "CRP,12,ug/ml",
        "CRP,1.2,mg/dl",
        "HGB,11.5,G/DL",
    ),
    "lab_results/units_behind.csv": lab(
        "CRP,12 mg/L,",
        "CRP,<0.4mg/L,mg/l",
        "WBC,6.5 ×10^9/L,",
        "HCT,35%,",
        "HCT,35%,%",
        "ALB,3.9 g/dl,g/dL",
    ),
    "lab_results/unit_against_unit.csv": lab("CRP,1.2 mg/dL,mg/L", "HCT,35%,L/L"),
    "lab_results/wrong_units.csv": lab(
        "CRP,12,mmol/L", "CRP,12,g/l", "WBC,6.5,g/L", "HGB,110,109/L", "CRP,12,", "NAG,12,mg/l"
    ),
    "lab_results/marks_of_laboratories.csv": lab(
        "CRP,18↑,mg/L", "ALB,32 ↓,g/L", "CRP,18.0 ↑↑,mg/L"
    ),
    "lab_results/marks_that_are_refused.csv": lab(
        "CRP,18*,mg/L", "CRP,18 H,mg/L", "CRP,H18,mg/L", "CRP,18 (high),mg/L", "CRP,+++,mg/L"
    ),
    "surgeries/formulas.csv": column(
        OPERATED,
        'P1,2020-01-{n},"{cell}"',
        "=1+1",
        "@SUM(A1)",
        "-drain",
        "+49 30",
        "-5",
        "-",
        "=-1",
    ),
    "surgeries/apostrophes.csv": column(
        OPERATED, 'P1,2020-01-{n},"{cell}"', "'=1+1", "''=1+1", "'s-Hertogenbosch", "'-5"
    ),
    "pcdai_visits/totals.csv": lines(
        "patient_id;visited_on;total",
        "P1;2020/1/1;37,5",
        "P1;2.1.2020;37,5",
        "P1;2020-01-03;３７.５",
    ),
    "gene_findings/full_width.csv": lines(
        "patient_id,gene,hgvs_c,hgvs_p",
        "P1,ＸＩＡＰ,ｃ．664C＞T,ｐ．R222X",
        "P1,FOXP3, c.758T>C ,p.(Leu253Pro)",
    ),
    "gene_findings/no_hgvs.csv": lines(
        "patient_id,gene,hgvs_c", "P1,XIAP,664C>T", "P1,FOXP3,c.758T->C"
    ),
    "medications/courses.csv": lines(
        "patient_id,drug,started_on,stopped_on",
        "P1,Azathioprine,2020年1月1日,2020年6月1日",
        "P1,een,1 Feb 2020,",
        "P1,aza,2020-01-01,",
    ),
}


def contents(name: str) -> bytes:
    if name in TEXTS:
        text = TEXTS[name]
        return text.encode() if isinstance(text, str) else text
    book = workbook(BOOKS[name])
    return computed(book, "121.5") if name == "workbook/formula_computed.xlsx" else book


def main() -> None:
    """Writes the files that are not there."""
    broken = workbook(one_sheet)[:-400]
    for name in [*TEXTS, *BOOKS, "workbook/cut_off.xlsx"]:
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(broken if name == "workbook/cut_off.xlsx" else contents(name))


if __name__ == "__main__":
    main()
