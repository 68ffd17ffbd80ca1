/// A day of the Gregorian calendar that exists, years 1 to 9999.
struct CalendarDay: Equatable {
    let year: Int, month: Int, day: Int

    init?(year: Int, month: Int, day: Int) {
        guard 1...9999 ~= year, 1...12 ~= month, 1...Self.length(ofMonth: month, in: year) ~= day else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// The `dayOfYear`-th day, 1 … 366.
    init?(year: Int, dayOfYear: Int) {
        guard dayOfYear >= 1 else { return nil }
        var rest = dayOfYear
        for month in 1...12 {
            let length = Self.length(ofMonth: month, in: year)
            if rest <= length {
                self.init(year: year, month: month, day: rest)
                return
            }
            rest -= length
        }
        return nil
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}
