import Codecs
import Foundation
import Store

/// How EcoTaxa's table names labels.
struct CategoryNames {
    private var names: [Int64: String] = [:]
    private var taxa: [Int64: Int] = [:]

    /// A name that occurs twice in the tree is told apart by its parent, `child<parent`, as EcoTaxa writes it.
    init(_ categories: [CategoryRecord]) {
        let byID = Dictionary(uniqueKeysWithValues: categories.map { ($0.id, $0) })
        let counts = Dictionary(categories.map { ($0.name.lowercased(), 1) }, uniquingKeysWith: +)
        for category in categories {
            taxa[category.id] = category.taxon
            let parent = category.parent.flatMap { byID[$0] }
            names[category.id] = counts[category.name.lowercased()] == 1 ? category.name : parent.map { "\(category.name)<\($0.name)" } ?? category.name
        }
    }

    /// Name of a label's category alone.
    func name(_ label: LabelRecord) -> String? { names[label.category].map { String($0.prefix { $0 != "<" }) } }

    /// Columns of a label. The time is UTC, as all of the table. A program's own account is no person that EcoTaxa could know.
    func annotation(_ label: LabelRecord) -> [(column: String, value: EcoTaxaTable.Value)] {
        guard let name = names[label.category] else { return [] }
        let time = label.at.formatted(.iso8601)  // "2026-05-06T07:08:09Z"
        var cells: [(column: String, value: EcoTaxaTable.Value)] = [
            ("object_annotation_category", .text(name)), ("object_annotation_status", .text(label.status.rawValue)),
            ("object_annotation_date", .text(String(time.prefix(10)))), ("object_annotation_time", .text(String(time.dropFirst(11).prefix(8)))),
        ]
        // The number wins over the name, and EcoTaxa then asks nothing.
        if let taxon = taxa[label.category] { cells.append(("object_annotation_category_id", .number(Double(taxon)))) }
        if label.source != .model, label.by != "local" {
            cells.append(("object_annotation_person_name", .text(label.by)))
            if label.by.wholeMatch(of: /[^@\s]+@[^@\s]+\.[^@\s]+/) != nil { cells.append(("object_annotation_person_email", .text(label.by))) }
        }
        return cells
    }
}
