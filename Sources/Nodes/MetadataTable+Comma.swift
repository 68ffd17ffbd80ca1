import Store

extension MetadataTable {
    /// Columns of numbers, and the largest number that makes sense in each.
    private static let numbers: [String: Double] = [
        "object_lat": 90, "object_lon": 180, "object_depth": .infinity, "object_depth_min": .infinity, "object_depth_max": .infinity,
        MetadataChange.pixelSizeKey: .infinity,
    ]

    /// The value of a column of numbers with a point where a spreadsheet wrote a comma; anything that is not plainly such a number stays as it is.
    package static func pointed(key: String, value: String) -> String {
        guard let most = numbers[key], let (whole, part) = halves(value), !isAmbiguous(whole, part, most: most) else { return value }
        return "\(whole).\(part)"
    }

    /// The number that a comma makes of a value may be a thousand times the other.
    static func isAmbiguous(key: String, value: String) -> Bool {
        guard let most = numbers[key], let (whole, part) = halves(value) else { return false }
        return isAmbiguous(whole, part, most: most)
    }

    /// Digits before (with the sign) and after the only comma.
    private static func halves(_ value: String) -> (whole: String, part: String)? {
        value.wholeMatch(of: /([+-]?[0-9]+),([0-9]+)/).map { (String($0.output.1), String($0.output.2)) }
    }

    /// Thousands are grouped by three digits behind one to three that do not begin with 0, and no latitude has thousands.
    private static func isAmbiguous(_ whole: String, _ part: String, most: Double) -> Bool {
        let digits = whole.drop { !$0.isNumber }
        guard part.count == 3, digits.count <= 3, digits.first != "0", let thousands = Double(digits + part) else { return false }
        return thousands <= most
    }
}
