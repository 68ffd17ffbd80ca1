/// A part of a date pattern in the notation of `strptime`.
enum TimePart: Sendable, Equatable {
    case year, shortYear, month, monthName, day, dayOfYear, hour, minute, second, fraction
    case literal([UInt8])

    init?(letter: Character) {
        switch letter {
        case "Y": self = .year
        case "y": self = .shortYear
        case "m": self = .month
        case "b": self = .monthName
        case "d": self = .day
        case "j": self = .dayOfYear
        case "H": self = .hour
        case "M": self = .minute
        case "S": self = .second
        case "f": self = .fraction
        case "%": self = .literal([UInt8(ascii: "%")])
        default: return nil
        }
    }

    var isLiteral: Bool { if case .literal = self { true } else { false } }

    private static let monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// Digits of each number: fixed, so that parts need nothing between them. Two-digit years follow POSIX: 69 is 1969, 68 is 2068.
    private var width: Int {
        switch self {
        case .year: 4
        case .dayOfYear, .monthName: 3
        default: 2
        }
    }

    /// Reads the parts from `name` at `start`: the value in ISO 8601 and where it ends; nil when they do not fit or name no
    /// day or time that exists.
    static func read(_ parts: [TimePart], from name: [UInt8], at start: Int) -> (value: String, end: Int)? {
        var at = start
        var year: Int?, month: Int?, day: Int?, dayOfYear: Int?, hour: Int?, minute: Int?, second: Int?
        var fraction = ""
        for part in parts {
            if case .literal(let bytes) = part {
                guard at + bytes.count <= name.count, name[at..<(at + bytes.count)].elementsEqual(bytes) else { return nil }
                at += bytes.count
                continue
            }
            if part == .fraction {
                let digits = name[at...].prefix(9).prefix { 0x30...0x39 ~= $0 }
                guard !digits.isEmpty else { return nil }
                fraction = "." + String(decoding: digits, as: UTF8.self)
                at += digits.count
                continue
            }
            guard at + part.width <= name.count else { return nil }
            let bytes = name[at..<(at + part.width)]
            at += part.width
            if part == .monthName {
                guard let index = monthNames.firstIndex(of: String(decoding: bytes, as: UTF8.self).lowercased()) else { return nil }
                month = index + 1
                continue
            }
            guard bytes.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            let number = bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            switch part {
            case .year: year = number
            case .shortYear: year = number + (number >= 69 ? 1900 : 2000)
            case .month: month = number
            case .day: day = number
            case .dayOfYear: dayOfYear = number
            case .hour: hour = number
            case .minute: minute = number
            default: second = number
            }
        }
        guard let value = iso(year, month, day, dayOfYear, hour, minute, second, fraction) else { return nil }
        return (value, at)
    }

    private static func iso(
        _ year: Int?, _ month: Int?, _ day: Int?, _ dayOfYear: Int?, _ hour: Int?, _ minute: Int?, _ second: Int?, _ fraction: String
    ) -> String? {
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        guard hour ?? 0 < 24, minute ?? 0 < 60, second ?? 0 < 60 else { return nil }
        var date: String?
        if let year, let dayOfYear, month == nil, day == nil {
            guard let found = CalendarDay(year: year, dayOfYear: dayOfYear) else { return nil }
            date = "\(padded(found.year, 4))-\(padded(found.month))-\(padded(found.day))"
        } else {
            // 2000 is a leap year: a day without a year may be 29 February.
            guard CalendarDay(year: year ?? 2000, month: month ?? 1, day: day ?? 1) != nil, dayOfYear.map({ 1...366 ~= $0 }) ?? true else { return nil }
            var parts: [String] = []
            if let year { parts.append(padded(year, 4)) }
            if let month { parts.append(padded(month)) }
            if let day { parts.append(padded(day)) }
            if let dayOfYear { parts.append(padded(dayOfYear, 3)) }
            date = parts.isEmpty ? nil : parts.joined(separator: "-")
        }
        var time: String?
        if hour != nil || minute != nil || second != nil {
            // "07:08" would read as hours and minutes: what is missing before or between is 0.
            time = "\(padded(hour ?? 0)):\(padded(minute ?? 0)):\(padded(second ?? 0))\(fraction)"
        }
        switch (date, time) {
        case (let date?, let time?): return date + "T" + time
        case (let date?, nil): return date
        case (nil, let time?): return time
        case (nil, nil): return nil
        }
    }
}
