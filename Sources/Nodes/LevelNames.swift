import Codecs
import Store

/// Fills the fields above the object, and keeps EcoTaxa's tree in order: an acquisition belongs to one sample, and all rows
/// of a sample, acquisition or process say the same about it.
struct LevelNames {
    let sampleFallback: String
    /// Acquisitions of each sample that have no id of their own, by what is said about them.
    private var acquisitions: [String: [[String]]] = [:]

    init(sampleFallback: String) { self.sampleFallback = sampleFallback }

    /// Fields of the process that every export fills itself.
    static let ofProgram = ["process_software", "process_pipeline", "process_steps"]

    mutating func fields(
        of image: ImageRecord, metadata: [String: MetadataValue], process: [(String, String)]
    ) -> [(column: String, value: EcoTaxaTable.Value)] {
        var fields = named(metadata, pixelSize: image.pixelSize)
        // What an archive that was brought in says of its own program stays true of its measurements.
        for (name, value) in process where metadata[name]?.source != .imported || metadata[name]?.value.isEmpty == true { fields[name] = value }
        return fields.sorted { $0.key < $1.key }.map { Self.cell($0, $1) }
    }

    /// What a person or a file says, by column.
    static func cell(_ name: String, _ text: String) -> (column: String, value: EcoTaxaTable.Value) {
        let column = EcoTaxaColumn.name(of: name, level: .object)
        // Depth and position are numbers to EcoTaxa; what a person typed that is none stays text and is found by the check.
        let isNumber = ["object_lat", "object_lon", "object_depth_min", "object_depth_max"].contains(column)
        if isNumber, let number = EcoTaxaValue.number(text) { return (column, .number(number)) }
        return (column, .text(text))
    }

    /// The metadata of an image with the names of its sample, acquisition and process.
    mutating func named(_ metadata: [String: MetadataValue], pixelSize: Double?) -> [String: String] {
        let said = metadata.filter { !$0.value.value.isEmpty && (!Self.ofProgram.contains($0.key) || $0.value.source == .imported) }
        var fields = said.mapValues(\.value)
        if let depth = fields.removeValue(forKey: "object_depth") {
            if fields["object_depth_min"] == nil { fields["object_depth_min"] = depth }
            if fields["object_depth_max"] == nil { fields["object_depth_max"] = depth }
        }
        if let size = pixelSize { fields["acq_pixel_um"] = EcoTaxaValue.text(size) }
        if fields["sample_id"] == nil {
            // By what the file names say where they say something: a sample must not change its name because a person adds a fact to it.
            let facts = said.filter { $0.key.hasPrefix("sample_") }, named = facts.filter { $0.value.source == .pattern }
            let parts = (named.isEmpty ? facts : named).sorted { $0.key < $1.key }.map(\.value.value)
            fields["sample_id"] = String((parts.isEmpty ? sampleFallback : parts.joined(separator: "_")).prefix(200))
        }
        let sample = fields["sample_id"] ?? ""
        if fields["acq_id"] == nil {
            let facts = fields.filter { $0.key.hasPrefix("acq_") }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            var known = acquisitions[sample] ?? []
            let index = known.firstIndex(of: facts) ?? known.count
            if index == known.count { known.append(facts) }
            acquisitions[sample] = known
            fields["acq_id"] = "\(sample)_a\(index + 1)"
        }
        if fields["process_id"] == nil { fields["process_id"] = "\(fields["acq_id"] ?? "")_p" }
        return fields
    }
}
