/// Forms of cells as EcoTaxa's importer reads them.
package enum EcoTaxaValue {
    /// A number as Python's `float` reads it; nil for what is none and for minus infinity, which EcoTaxa refuses.
    package static func number(_ text: String) -> Double? {
        // Swift takes hexadecimal numbers, Python does not.
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "x") || $0 == UInt8(ascii: "X") }), let number = Double(text) else { return nil }
        return number == -.infinity ? nil : number
    }

    /// Decimal degrees or `D°M S`.
    package static func degrees(_ text: String) -> Double? {
        guard let sign = text.firstIndex(of: "°") else { return number(text).flatMap { $0.isFinite ? $0 : nil } }
        let rest = text[text.index(after: sign)...].split(separator: " ")
        guard let degrees = Int(text[..<sign]), rest.count == 2, let minutes = UInt(rest[0]), let seconds = UInt(rest[1]) else { return nil }
        let part = (Double(minutes) + Double(seconds) / 60) / 60
        return text.hasPrefix("-") ? Double(degrees) - part : Double(degrees) + part
    }

    /// `YYYYMMDD` or `YYYY-MM-DD`, a day that exists.
    package static func isDate(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let dash = UInt8(ascii: "-")
        let digits = bytes.count == 10 && bytes[4] == dash && bytes[7] == dash ? Array(bytes[0..<4] + bytes[5..<7] + bytes[8..<10]) : bytes
        guard digits.count == 8, let year = whole(digits[0..<4]), let month = whole(digits[4..<6]), let day = whole(digits[6..<8]) else { return false }
        return CalendarDay(year: year, month: month, day: day) != nil
    }

    /// `HH:MM:SS` (a fraction is ignored), `HHMMSS`, `HHMM`, or 1 to 3 digits that are padded on the left to `HHMM`.
    package static func isTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let colon = UInt8(ascii: ":")
        var digits: [UInt8]
        if bytes.count >= 8, bytes[2] == colon, bytes[5] == colon {
            digits = Array(bytes[0..<2] + bytes[3..<5] + bytes[6..<8])
        } else {
            digits = [UInt8](repeating: 0x30, count: max(0, 4 - bytes.count)) + bytes
            guard digits.count <= 6 else { return false }
            digits += [UInt8](repeating: 0x30, count: 6 - digits.count)
        }
        guard let hour = whole(digits[0..<2]), let minute = whole(digits[2..<4]), let second = whole(digits[4..<6]) else { return false }
        return hour < 24 && minute < 60 && second < 60
    }

    private static func whole(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard 0x30...0x39 ~= digit else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }

    /// A number as it is written into a table: the shortest digits that read back as the same number.
    package static func text(_ number: Double) -> String {
        if let whole = Int(exactly: number), abs(whole) < 1 << 53 { return String(whole) }
        return "\(number)"
    }
}
