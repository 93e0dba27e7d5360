"""What people call the things the domain knows by code."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from packhouse.domain.businesses import REGENCIES
from packhouse.i18n.businesses import (
    ALLOWED_NAMES,
    BASIS_NAMES,
    PACKAGE_NAMES,
    PAPER_NAMES,
    PAPER_STATE_NAMES,
)
from packhouse.i18n.complaints import COMPLAINT_STATE_NAMES, TOPIC_NAMES
from packhouse.i18n.downtime import COUNT_NAMES, UTILITY_NAMES, WORK_STATE_NAMES
from packhouse.i18n.machines import (
    CONDITION_NAMES,
    FUND_NAMES,
    MACHINE_CHANGE_NAMES,
    PLACEMENT_NAMES,
    RATE_ACTION_NAMES,
)
from packhouse.i18n.privacy import HELD_NAMES, PURPOSE_NAMES, PURPOSE_TEXTS
from packhouse.i18n.reminders import CHANNEL_NAMES, MESSAGE_KIND_NAMES, MESSAGE_STATE_NAMES
from packhouse.i18n.replanning import (
    ANSWER_NAMES,
    CALL_RESULT_NAMES,
    CAUSE_NAMES,
    LOST_NAMES,
    MOVE_REASON_NAMES,
    PLAN_STATE_NAMES,
)
from packhouse.i18n.requests import BEYOND_NAMES, EXCEPTION_NAMES
from packhouse.i18n.sessions import CLEAN_NAMES, EXCUSE_NAMES, LABEL_NAMES, TAP_NAMES
from packhouse.i18n.tariffs import REDUCTION_NAMES, REDUCTION_RULES
from packhouse.i18n.waitlist import PLACE_REASON_NAMES, WAITING_NAMES, WISH_KIND_NAMES

Names = Mapping[str, LazyString]

STATE_NAMES: Names = {
    "requested": _l("Menunggu persetujuan"),
    "confirmed": _l("Dipastikan"),
    "rejected": _l("Ditolak"),
    "expired": _l("Kedaluwarsa"),
    "arrived": _l("Sudah hadir"),
    "running": _l("Sedang berjalan"),
    "finished": _l("Selesai"),
    "cancelled": _l("Dibatalkan"),
    "no_show": _l("Tidak hadir"),
    "displaced": _l("Perlu jadwal baru"),
}

REASON_NAMES: Names = {
    "running": _l("Berjalan"),
    "rework": _l("Pengerjaan ulang"),
    "waiting_customer": _l("Menunggu pelanggan"),
    "no_show": _l("Pelanggan tidak hadir"),
    "unbooked": _l("Tanpa reservasi"),
    "no_operator": _l("Tanpa operator"),
    "no_material": _l("Tanpa bahan"),
    "trial": _l("Uji coba"),
    "maintenance": _l("Perawatan"),
    "setup": _l("Persiapan mesin"),
    "changeover": _l("Ganti produk"),
    "cleaning": _l("Pembersihan"),
    "calibration": _l("Kalibrasi"),
    "breakdown": _l("Rusak"),
    "waiting_technician": _l("Menunggu teknisi"),
    "waiting_parts": _l("Menunggu suku cadang"),
    "power_outage": _l("Listrik padam"),
    "utility_outage": _l("Gangguan air atau angin"),
    "closed": _l("Tutup"),
    "holiday": _l("Libur"),
    "installation": _l("Pemasangan"),
    "training": _l("Pelatihan"),
}

KIND_NAMES: Names = {
    "hand_sealer": _l("Sealer tangan"),
    "pedal_sealer": _l("Sealer injak"),
    "band_sealer": _l("Continuous band sealer"),
    "gas_band_sealer": _l("Band sealer dengan gas"),
    "vacuum_single": _l("Vakum chamber tunggal"),
    "vacuum_double": _l("Vakum chamber ganda"),
    "vffs": _l("VFFS mini (sachet)"),
    "flow_wrapper": _l("Flow wrapper"),
    "cup_sealer": _l("Cup sealer"),
    "can_seamer": _l("Can seamer semi-otomatis"),
    "piston_filler": _l("Pengisi cairan dan pasta"),
    "auger_filler": _l("Pengisi bubuk"),
    "tea_bagger": _l("Mesin teh celup"),
    "induction_sealer": _l("Induction sealer"),
    "shrink_tunnel": _l("Shrink tunnel"),
    "labeller": _l("Pelabel botol"),
    "coder": _l("Pencetak tanggal"),
    "retort": _l("Retort mini"),
    "pasteurizer": _l("Pasteurizer"),
    "weigh_filler": _l("Timbang-isi"),
    "oil_spinner": _l("Spinner minyak"),
    "printer": _l("Cetak dan sablon"),
}

PACK_NAMES: Names = {
    "pouch_50": _l("Pouch 50 g"),
    "pouch_100": _l("Pouch 100 g"),
    "pouch_250": _l("Pouch 250 g"),
    "pouch_500": _l("Pouch 500 g"),
    "pouch_1000": _l("Pouch 1 kg"),
    "standing_pouch": _l("Standing pouch"),
    "spout_pouch": _l("Pouch bercorong"),
    "valve_pouch": _l("Pouch berkatup"),
    "retort_pouch": _l("Pouch retort"),
    "vacuum_bag": _l("Kantong vakum"),
    "sachet": _l("Sachet"),
    "pillow_pack": _l("Kemasan bantal"),
    "bottle_100": _l("Botol 100 ml"),
    "bottle_250": _l("Botol 250 ml"),
    "bottle_600": _l("Botol 600 ml"),
    "jar": _l("Stoples"),
    "cup_120": _l("Cup 120 ml"),
    "cup_220": _l("Cup 220 ml"),
    "can": _l("Kaleng"),
    "carton": _l("Kotak karton"),
    "tea_bag": _l("Teh celup"),
    "label_only": _l("Label saja"),
    "print_only": _l("Cetak saja"),
}

ROLE_NAMES: Names = {
    "producer": _l("Pelaku UMKM"),
    "operator": _l("Petugas / Operator"),
    "manager": _l("Kepala UPTD"),
    "reviewer": _l("Dinas"),
    "auditor": _l("Auditor"),
    "admin": _l("Administrator"),
}

SIZE_NAMES: Names = {
    "mikro": _l("Usaha mikro"),
    "kecil": _l("Usaha kecil"),
    "menengah": _l("Usaha menengah"),
}
BUSINESS_KIND_NAMES: Names = {"umkm": _l("UMKM"), "cooperative": _l("Koperasi")}
LEVEL_NAMES: Names = {
    "trial": _l("Uji coba"),
    "nib": _l("NIB terverifikasi"),
    "market_ready": _l("Siap edar"),
}
LANE_NAMES: Names = {"halal": _l("Jalur halal"), "non_halal": _l("Jalur non-halal")}
ALLERGEN_NAMES: Names = {
    "fish": _l("Ikan"),
    "crustacean": _l("Udang dan kepiting"),
    "mollusc": _l("Kerang dan cumi"),
    "peanut": _l("Kacang tanah"),
    "tree_nut": _l("Kacang pohon"),
    "soy": _l("Kedelai"),
    "milk": _l("Susu"),
    "egg": _l("Telur"),
    "gluten": _l("Gluten"),
    "sesame": _l("Wijen"),
    "sulphite": _l("Sulfit"),
}
AROMA_NAMES: Names = {
    "none": _l("Tanpa aroma kuat"),
    "durian": _l("Durian"),
    "terasi": _l("Terasi"),
    "coffee": _l("Kopi"),
    "onion": _l("Bawang"),
    "spice": _l("Rempah"),
}
CLEANING_NAMES: Names = {
    "0": _l("Tanpa pembersihan"),
    "1": _l("Sikat dan lap"),
    "2": _l("Bersih aroma"),
    "3": _l("Bersih alergen"),
}
PHASE_NAMES: Names = {
    "changeover": _l("Ganti produk (pembersihan)"),
    "setup": _l("Persiapan mesin"),
    "run": _l("Produksi"),
    "break": _l("Istirahat"),
    "closing_clean": _l("Pembersihan penutup"),
}
OCCUPATION_NAMES: Names = {
    "booking": _l("Reservasi"),
    "hold": _l("Ditahan sementara"),
    "offer": _l("Sedang ditawarkan"),
    "maintenance": _l("Perawatan"),
    "breakdown": _l("Rusak"),
    "busy": _l("Terpakai"),  # A booking, told to somebody who may not know whose.
}
MACHINE_STATE_NAMES: Names = {
    "ready": _l("Siap"),
    "running": _l("Berjalan"),
    "broken": _l("Rusak"),
    "maintenance": _l("Perawatan"),
    "not_yet": _l("Belum beroperasi"),
    "retired": _l("Tidak dipakai lagi"),
    "idle": _l("Menganggur"),
}
CLOSURE_STATE_NAMES: Names = {
    "proposed": _l("Diusulkan"),
    "confirmed": _l("Tutup"),
    "rejected": _l("Tetap buka"),
}
SOURCE_NAMES: Names = {
    "online": _l("Daring"),
    "desk": _l("Loket"),
    "walk_in": _l("Datang langsung"),
    "paper": _l("Catatan kertas"),
}
BOOKING_ACTION_NAMES: Names = {
    "booking:create": _l("Reservasi dibuat"),
    "booking:leave": _l("Waktu lama dilepas"),
    "booking:move": _l("Jadwal dipindah"),
    "booking:confirmed": _l("Reservasi dipastikan"),
    "booking:rejected": _l("Permohonan ditolak"),
    "booking:asked": _l("Rumah kemasan bertanya"),
    "booking:answered": _l("Pemohon menjawab"),
    "booking:expired": _l("Permohonan lewat batas waktu"),
    "booking:arrived": _l("Datang dan dicatat hadir"),
    "booking:running": _l("Mesin mulai dipakai"),
    "booking:finished": _l("Selesai"),
    "booking:cancelled": _l("Dibatalkan"),
    "booking:no_show": _l("Dicatat tidak hadir"),
    "booking:displaced": _l("Waktunya hilang; perlu jadwal baru"),
    "answer:accepted": _l("Waktu baru diterima"),
    "answer:declined": _l("Waktu baru ditolak"),
    "answer:call_wanted": _l("Minta ditelepon"),
    "answer:called": _l("Sudah ditelepon petugas"),
}
PART_OF_DAY_NAMES: Names = {
    "any": _l("Kapan saja"),
    "morning": _l("Pagi"),
    "afternoon": _l("Siang"),
}
SEVERITY_NAMES: Names = {
    "success": _l("Berhasil"),
    "info": _l("Info"),
    "warning": _l("Perhatian"),
    "danger": _l("Gagal"),
}
OWNER_NAMES: Names = {
    "province": _l("Pemerintah provinsi"),
    "city": _l("Pemerintah kabupaten/kota"),
    "cooperative": _l("Koperasi"),
}
PERSON_NAMES: Names = {"owner": _l("Pemilik"), "member": _l("Anggota")}
E10_NAMES: Names = {
    "PRD": _l("Produksi"),
    "SBY": _l("Siaga"),
    "ENG": _l("Uji coba"),
    "SDT": _l("Henti terencana"),
    "UDT": _l("Rusak atau gangguan"),
    "NST": _l("Di luar jam buka"),
}
UNMET_NAMES: Names = {
    "no_machine": _l("Tidak ada mesin"),
    "pack_not_handled": _l("Tidak ada mesin untuk kemasan ini"),
    "lane_mismatch": _l("Tidak ada mesin di jalur ini"),
    "machine_not_yet_commissioned": _l("Mesin belum beroperasi"),
    "machine_retired": _l("Mesin sudah tidak dipakai"),
    "no_free_time": _l("Semua waktu sudah terisi"),
    "wish_lapsed": _l("Menunggu sampai akhir tanpa waktu yang cocok"),
    "window_empty": _l("Tidak ada waktu dalam rentang yang diminta"),
    "closed_window": _l("Rumah kemasan tutup"),
    "closed_day": _l("Rumah kemasan tutup"),
    "outside_hours": _l("Di luar jam buka"),
    "past_closing": _l("Tidak selesai sebelum tutup"),
    "closing_clean_missing": _l("Tidak cukup waktu untuk pembersihan penutup"),
    "cleaning_before_missing": _l("Tidak cukup waktu untuk pembersihan"),
    "cleaning_after_missing": _l("Tidak cukup waktu untuk pembersihan"),
    "operators_full": _l("Operator tidak cukup"),
    "time_taken": _l("Waktu sudah terpakai"),
    "too_soon": _l("Terlalu dekat dengan sekarang"),
    "too_far": _l("Terlalu jauh ke depan"),
}
NAV_NAMES: Names = {
    "home": _l("Beranda"),
    "book": _l("Reservasi baru"),
    "slots": _l("Cari jadwal"),
    "bookings": _lp("banyak", "Reservasi"),
    "jobs": _l("Pesan untuk anggota"),
    "waitlist": _l("Daftar tunggu"),
    "products": _lp("banyak", "Produk"),
    "businesses": _lp("banyak", "Usaha"),
    "runs": _l("Papan hari ini"),
    "board": _l("Papan hari ini"),
    "downtime": _l("Kerusakan dan perawatan"),
    "replanning": _l("Atur ulang jadwal"),
    "machines": _lp("banyak", "Mesin"),
    "sites": _lp("banyak", "Rumah kemasan"),
    "reports": _l("Laporan"),
    "audit": _l("Jejak audit"),
    "tariffs": _lp("banyak", "Tarif"),
    "users": _l("Pengguna"),
    "people": _l("Pengguna"),
    "reminders": _l("Pesan"),
    "account": _l("Akun saya"),
    "open_data": _l("Data terbuka"),
    "help": _l("Bantuan"),
    "complaints": _l("Pengaduan"),
}

ALL: Mapping[str, Names] = {
    "state": STATE_NAMES,
    "reason": REASON_NAMES,
    "kind": KIND_NAMES,
    "pack": PACK_NAMES,
    "role": ROLE_NAMES,
    "size": SIZE_NAMES,
    "level": LEVEL_NAMES,
    "lane": LANE_NAMES,
    "allergen": ALLERGEN_NAMES,
    "aroma": AROMA_NAMES,
    "cleaning": CLEANING_NAMES,
    "phase": PHASE_NAMES,
    "occupation": OCCUPATION_NAMES,
    "business_kind": BUSINESS_KIND_NAMES,
    "machine_state": MACHINE_STATE_NAMES,
    "closure_state": CLOSURE_STATE_NAMES,
    "source": SOURCE_NAMES,
    "message_state": MESSAGE_STATE_NAMES,
    "message_kind": MESSAGE_KIND_NAMES,
    "channel": CHANNEL_NAMES,
    "booking_action": BOOKING_ACTION_NAMES,
    "exception": EXCEPTION_NAMES,
    "beyond": BEYOND_NAMES,
    "part_of_day": PART_OF_DAY_NAMES,
    "severity": SEVERITY_NAMES,
    "owner": OWNER_NAMES,
    "condition": CONDITION_NAMES,
    "person": PERSON_NAMES,
    "machine_change": MACHINE_CHANGE_NAMES,
    "fund": FUND_NAMES,
    "placement": PLACEMENT_NAMES,
    "rate_action": RATE_ACTION_NAMES,
    "e10": E10_NAMES,
    "unmet": UNMET_NAMES,
    "nav": NAV_NAMES,
    "tap": TAP_NAMES,
    "clean": CLEAN_NAMES,
    "label": LABEL_NAMES,
    "excuse": EXCUSE_NAMES,
    "waiting": WAITING_NAMES,
    "wish_kind": WISH_KIND_NAMES,
    "place_reason": PLACE_REASON_NAMES,
    "paper": PAPER_NAMES,
    "paper_state": PAPER_STATE_NAMES,
    "package": PACKAGE_NAMES,
    "size_basis": BASIS_NAMES,
    "allowed": ALLOWED_NAMES,
    "topic": TOPIC_NAMES,
    "complaint_state": COMPLAINT_STATE_NAMES,
    "held": HELD_NAMES,
    "purpose": PURPOSE_NAMES,
    "purpose_text": PURPOSE_TEXTS,
    "reduction": REDUCTION_NAMES,
    "reduction_for": REDUCTION_RULES,
    "utility": UTILITY_NAMES,
    "work_state": WORK_STATE_NAMES,
    "basis": COUNT_NAMES,
    "plan_state": PLAN_STATE_NAMES,
    "plan_cause": CAUSE_NAMES,
    "lost": LOST_NAMES,
    "move_reason": MOVE_REASON_NAMES,
    "answer": ANSWER_NAMES,
    "call_result": CALL_RESULT_NAMES,
}


def name_of(family: str, code: object) -> str:
    """Return what people call a code; the code itself where nobody has named it yet."""
    # An IntEnum prints as its number, a StrEnum as its value: both are how the tables spell it.
    key = str(int(code)) if isinstance(code, int) else str(code)
    if family == "regency":
        return regency_name(key)
    found = ALL[family].get(key)
    return str(found) if found is not None else key


def regency_name(code: str) -> str:
    """Return the name of a regency; its code outside Kalimantan Barat."""
    known = REGENCIES.get(code)
    return known.name if known else code
