/// What EcoTaxa makes of a column, by its name and, for free object columns, its declared type.
///
/// Source: `ecotaxa_back` as of 2026-06 (`BO/Mappings.py`, `BO/TSVFile.py`).
package struct EcoTaxaColumn: Sendable, Equatable {
    package enum Level: String, Sendable, CaseIterable {
        case object, sample, acq, process

        /// Free columns that a project can hold: numbers and texts of objects, texts elsewhere.
        package func limit(numeric: Bool) -> Int {
            switch self {
            case .object: numeric ? 500 : 20
            case .sample: 60
            case .acq, .process: 30
            }
        }
    }

    package enum Role: Sendable, Hashable {
        case imageFile, imageRank, objectID, latitude, longitude, depth
        case date, time, status, category, categoryID
        case sampleID, acquisitionID, processID
        /// Text of limited length that EcoTaxa knows by name.
        case knownText(limit: Int)
        case freeNumber(Level)
        case freeText(Level)

        package var isNumeric: Bool {
            switch self {
            case .imageRank, .latitude, .longitude, .depth, .categoryID, .freeNumber: true
            default: false
            }
        }
    }

    package let name: String
    package let role: Role

    /// Longest text of a free column (`varchar(250)`); longer ones pass EcoTaxa's own check and fail later.
    package static let longestText = 250

    private static let known: [String: Role] = [
        "img_file_name": .imageFile, "img_rank": .imageRank, "object_id": .objectID,
        "object_lat": .latitude, "object_lon": .longitude, "object_depth_min": .depth, "object_depth_max": .depth,
        "object_date": .date, "object_time": .time, "object_link": .knownText(limit: 255),
        "object_annotation_status": .status, "object_annotation_category": .category,
        "object_annotation_category_id": .categoryID, "object_annotation_date": .date, "object_annotation_time": .time,
        "object_annotation_person_name": .knownText(limit: 255), "object_annotation_person_email": .knownText(limit: 255),
        "object_annotation_hierarchy": .knownText(limit: 8000), "complement_info": .knownText(limit: 255),
        "sample_id": .sampleID, "acq_id": .acquisitionID, "process_id": .processID,
        "sample_dataportal_descriptor": .knownText(limit: 8000), "acq_instrument": .knownText(limit: 255),
    ]

    /// Role of a column that EcoTaxa knows by name.
    package static func knownRole(_ name: String) -> Role? { known[name] }

    package init(name: String, role: Role) {
        (self.name, self.role) = (name, role)
    }

    /// A name as EcoTaxa takes it: lower case, without blanks or control characters. `field` may hold anything.
    ///
    /// A field that begins with a level already ("sample_ship") keeps it; any other gets `level` before it.
    package static func name(of field: String, level: Level) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in field.lowercased().unicodeScalars {
            let isBlank = scalar.properties.isWhitespace || scalar.properties.generalCategory == .control || scalar == "\""
            if !isBlank { scalars.append(scalar) } else if scalars.last != "_" { scalars.append("_") }
        }
        let clean = String(scalars)
        if known[clean] != nil || Level.allCases.contains(where: { clean.hasPrefix($0.rawValue + "_") && clean.count > $0.rawValue.count + 1 }) {
            return clean
        }
        return level.rawValue + "_" + clean
    }
}
