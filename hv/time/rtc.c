/* SPDX-License-Identifier: MIT */
/* The CMOS clock (MC146818): read once, at start. */
#include "time/clock.h"
#include "cpu/io.h"

#define RTC_INDEX   0x70
#define RTC_DATA    0x71
#define RTC_A       10
#define RTC_B       11
#define RTC_CENTURY 0x32
#define A_UPDATING  0x80u
#define B_24H       0x02u
#define B_BINARY    0x04u
#define HOUR_PM     0x80u

static unsigned int decode(uint8_t v, bool binary)
{
    return binary ? v : (v >> 4) * 10u + (v & 15u);
}

/* Days from 1970-01-01 of the Gregorian calendar: years counted from March, so the leap day is a year's last. */
static uint64_t days(unsigned int year, unsigned int month, unsigned int day)
{
    unsigned int y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

    return 365ul * y + y / 4 - y / 100 + y / 400 + (153u * m + 2) / 5 + day - 1 - 719468u;
}

uint64_t rtc_seconds(const struct rtc_raw *raw)
{
    bool binary = raw->status_b & B_BINARY;
    bool pm = !(raw->status_b & B_24H) && (raw->hour & HOUR_PM);
    unsigned int hour = decode(raw->status_b & B_24H ? raw->hour : raw->hour & (uint8_t)~HOUR_PM, binary);
    unsigned int minute = decode(raw->minute, binary), second = decode(raw->second, binary);
    unsigned int day = decode(raw->day, binary), month = decode(raw->month, binary);
    unsigned int century = decode(raw->century, binary);
    unsigned int year = decode(raw->year, binary);

    if (!(raw->status_b & B_24H)) hour = hour % 12 + (pm ? 12 : 0);
    year += century >= 19 && century <= 30 ? century * 100 : 2000; /* few firmwares keep a century there */
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 || year < 1970)
        return 0;
    return ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

static uint8_t cmos(uint8_t reg)
{
    outb(RTC_INDEX, reg);
    return inb(RTC_DATA);
}

static void read_raw(struct rtc_raw *raw)
{
    for (int i = 0; i < 100000 && (cmos(RTC_A) & A_UPDATING); i++)
        cpu_relax();
    *raw = (struct rtc_raw){cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9), cmos(RTC_CENTURY), cmos(RTC_B)};
}

/* Until two readings agree: an update may fall between two registers. */
uint64_t rtc_read(void)
{
    struct rtc_raw raw;
    uint64_t last = 0;

    for (int i = 0; i < 5; i++) {
        read_raw(&raw);
        uint64_t now = rtc_seconds(&raw);
        if (i && now == last) return now;
        last = now;
    }
    return last;
}
