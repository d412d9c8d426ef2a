# SPDX-License-Identifier: MIT
# Reads swtpm's log (level 20) and prints "PCR DIGEST" for the SHA-256 digest of each TPM2_PCR_Extend, in order:
# what the machine's TPM was really told, by whomever. TPM 2.0 Library Part 3, TPM2_PCR_Extend (command 0182).
function number(s,    i, n)
{
    for (i = 1; i <= length(s); i++)
        n = 16 * n + index("0123456789ABCDEF", substr(s, i, 1)) - 1
    return n
}
function finish(    at, count)
{
    if (substr(hex, 13, 8) == "00000182") {
        at = 37 + 2 * number(substr(hex, 29, 8)) # after the authorisation area
        count = number(substr(hex, at, 8))
        for (at += 8; count-- > 0; at += 4 + bytes[substr(hex, at, 4)] * 2)
            if (substr(hex, at, 4) == "000B")
                printf "%d %s\n", number(substr(hex, 21, 8)), tolower(substr(hex, at + 4, 64))
    }
    hex = ""
}
BEGIN { bytes["0004"] = 20; bytes["000B"] = 32; bytes["000C"] = 48; bytes["000D"] = 64 }
/SWTPM_IO_Read/ { finish(); reading = 1; next }
/Ctrl|SWTPM_IO_Write/ { finish(); reading = 0; next }
reading { gsub(/[^0-9A-F]/, ""); hex = hex $0 }
END { finish() }
