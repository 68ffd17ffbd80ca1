#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Discrete Fourier transform of planes of complex numbers, `width` × `height`, in single precision.
///
/// Sums of exp(−2πi (ux / width + vy / height)); going there and back multiplies by width × height. Two real pictures fit in one plane,
/// as its real and its imaginary part. Four lines are transformed at a time, one in each lane, so that the work is whole vectors throughout.
/// - Source: Stockham's self-sorting form with radices 4, 2, 3 and 5 (Van Loan 1992, Computational Frameworks for the FFT).
package final class FourierTransform {
    package let width: Int
    package let height: Int
    private let across: Line
    private let down: Line

    /// - Precondition: both sides come from ``side(atLeast:)``.
    package init(width: Int, height: Int) {
        precondition(width == Self.side(atLeast: width) && height == Self.side(atLeast: height), "no transform of \(width) × \(height)")
        (self.width, self.height) = (width, height)
        across = Line(width)
        down = width == height ? across : Line(height)
    }

    /// The smallest multiple of 4 from `count` on without a prime factor above 5.
    package static func side(atLeast count: Int) -> Int {
        var side = (max(4, count) + 3) / 4 * 4
        while true {
            var rest = side
            for prime in [2, 3, 5] { while rest % prime == 0 { rest /= prime } }
            if rest == 1 { return side }
            side += 4
        }
    }

    /// Transforms in place.
    ///
    /// - Parameter usedRows: rows from there on hold zeros, so nothing has to be done along them.
    package func forward(_ plane: ComplexPlane, usedRows: Int) {
        for y in stride(from: 0, to: min(height, usedRows), by: 4) { rowsAcross(plane, y, plane.real, plane.imaginary) }
        columnsDown(plane.real, plane.imaginary)
    }

    /// The inverse, multiplied by width × height. Rows that `wantsRow` refuses are left undefined.
    package func inverse(_ plane: ComplexPlane, wantsRow: (Int) -> Bool) {
        // With the parts exchanged before and after, the transform is its own inverse.
        columnsDown(plane.imaginary, plane.real)
        for y in stride(from: 0, to: height, by: 4) where (y..<(y + 4)).contains(where: wantsRow) {
            rowsAcross(plane, y, plane.imaginary, plane.real)
        }
    }

    private func rowsAcross(_ plane: ComplexPlane, _ y: Int, _ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>) {
        let width = width
        let (re, im) = (real + y * width, imaginary + y * width)
        across.transform(
            load: { a, b in
                for x in 0..<width {
                    a[x] = SIMD4(re[x], re[width &+ x], re[2 &* width &+ x], re[3 &* width &+ x])
                    b[x] = SIMD4(im[x], im[width &+ x], im[2 &* width &+ x], im[3 &* width &+ x])
                }
            },
            store: { a, b in
                for line in 0..<4 {
                    let (toRe, toIm) = (re + line &* width, im + line &* width)
                    for x in 0..<width {
                        toRe[x] = a[x][line]
                        toIm[x] = b[x][line]
                    }
                }
            })
    }

    private func columnsDown(_ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>) {
        let (width, height) = (width, height)
        for x in stride(from: 0, to: width, by: 4) {
            down.transform(
                load: { a, b in
                    for y in 0..<height {
                        a[y] = UnsafeRawPointer(real + (y &* width &+ x)).loadUnaligned(as: SIMD4<Float>.self)
                        b[y] = UnsafeRawPointer(imaginary + (y &* width &+ x)).loadUnaligned(as: SIMD4<Float>.self)
                    }
                },
                store: { a, b in
                    for y in 0..<height {
                        UnsafeMutableRawPointer(real + (y &* width &+ x)).storeBytes(of: a[y], as: SIMD4<Float>.self)
                        UnsafeMutableRawPointer(imaginary + (y &* width &+ x)).storeBytes(of: b[y], as: SIMD4<Float>.self)
                    }
                })
        }
    }
}

/// Complex numbers row after row, the real parts apart from the imaginary ones.
package final class ComplexPlane {
    package let real: UnsafeMutablePointer<Float>
    package let imaginary: UnsafeMutablePointer<Float>
    package let count: Int

    package init(count: Int) {
        self.count = count
        real = .allocate(capacity: count)
        imaginary = .allocate(capacity: count)
        real.initialize(repeating: 0, count: count)
        imaginary.initialize(repeating: 0, count: count)
    }

    deinit {
        real.deallocate()
        imaginary.deallocate()
    }

    package func clear() {
        real.update(repeating: 0, count: count)
        imaginary.update(repeating: 0, count: count)
    }
}

/// Transform of four lines of one length at once.
private final class Line {
    typealias Lanes = SIMD4<Float>
    private struct Stage {
        let radix: Int
        /// What is left of the length after this stage.
        let parts: Int
        /// Distance of the numbers that belong to one short transform.
        let stride: Int
        /// Place of this stage's factors: radix − 1 for each part.
        let factors: Int
    }

    private let length: Int
    private var stages: [Stage] = []
    private let cosines: UnsafeMutablePointer<Float>
    private let sines: UnsafeMutablePointer<Float>
    private let room: UnsafeMutablePointer<Lanes>

    init(_ length: Int) {
        self.length = length
        var (rest, stride, factors) = (length, 1, 0)
        while rest > 1 {
            let radix = rest % 4 == 0 ? 4 : rest % 2 == 0 ? 2 : rest % 3 == 0 ? 3 : 5
            stages.append(Stage(radix: radix, parts: rest / radix, stride: stride, factors: factors))
            factors += rest / radix * (radix - 1)
            (rest, stride) = (rest / radix, stride * radix)
        }
        cosines = .allocate(capacity: max(1, factors))
        sines = .allocate(capacity: max(1, factors))
        room = .allocate(capacity: 4 * length)
        room.initialize(repeating: Lanes(), count: 4 * length)
        for stage in stages {
            for part in 0..<stage.parts {
                for k in 1..<stage.radix {
                    let angle = -2 * Double.pi * Double(part * k) / Double(stage.parts * stage.radix)
                    cosines[stage.factors + part * (stage.radix - 1) + k - 1] = Float(cos(angle))
                    sines[stage.factors + part * (stage.radix - 1) + k - 1] = Float(sin(angle))
                }
            }
        }
    }

    deinit {
        cosines.deallocate()
        sines.deallocate()
        room.deallocate()
    }

    @inline(__always)
    func transform(
        load: (UnsafeMutablePointer<Lanes>, UnsafeMutablePointer<Lanes>) -> Void, store: (UnsafeMutablePointer<Lanes>, UnsafeMutablePointer<Lanes>) -> Void
    ) {
        load(room, room + length)
        let result = run()
        store(result, result + length)
    }

    /// Goes through the stages, to and fro between the two halves of the room.
    private func run() -> UnsafeMutablePointer<Lanes> {
        var (from, to) = (room, room + 2 * length)
        for stage in stages {
            switch stage.radix {
            case 4: four(stage, from, from + length, to, to + length)
            case 2: two(stage, from, from + length, to, to + length)
            case 3: three(stage, from, from + length, to, to + length)
            default: five(stage, from, from + length, to, to + length)
            }
            swap(&from, &to)
        }
        return from
    }

    private func four(
        _ stage: Stage, _ xr: UnsafeMutablePointer<Lanes>, _ xi: UnsafeMutablePointer<Lanes>, _ yr: UnsafeMutablePointer<Lanes>, _ yi: UnsafeMutablePointer<Lanes>
    ) {
        let (s, m) = (stage.stride, stage.parts)
        for p in 0..<m {
            let (c, d) = (cosines + stage.factors + 3 &* p, sines + stage.factors + 3 &* p)
            let (c1, c2, c3, d1, d2, d3) = (c[0], c[1], c[2], d[0], d[1], d[2])
            let (source, target) = (s &* p, 4 &* s &* p)
            for q in 0..<s {
                let i0 = source &+ q
                let (i1, i2, i3) = (i0 &+ s &* m, i0 &+ 2 &* s &* m, i0 &+ 3 &* s &* m)
                let (ar, ai, br, bi) = (xr[i0], xi[i0], xr[i1], xi[i1])
                let (cr, ci, dr, di) = (xr[i2], xi[i2], xr[i3], xi[i3])
                let (sumR, sumI, differenceR, differenceI) = (ar + cr, ai + ci, ar - cr, ai - ci)
                let (otherR, otherI, turnedR, turnedI) = (br + dr, bi + di, bi - di, dr - br)
                let o = target &+ q
                yr[o] = sumR + otherR
                yi[o] = sumI + otherI
                let (r1, j1) = (differenceR + turnedR, differenceI + turnedI)
                yr[o &+ s] = r1 * c1 - j1 * d1
                yi[o &+ s] = r1 * d1 + j1 * c1
                let (r2, j2) = (sumR - otherR, sumI - otherI)
                yr[o &+ 2 &* s] = r2 * c2 - j2 * d2
                yi[o &+ 2 &* s] = r2 * d2 + j2 * c2
                let (r3, j3) = (differenceR - turnedR, differenceI - turnedI)
                yr[o &+ 3 &* s] = r3 * c3 - j3 * d3
                yi[o &+ 3 &* s] = r3 * d3 + j3 * c3
            }
        }
    }

    private func two(
        _ stage: Stage, _ xr: UnsafeMutablePointer<Lanes>, _ xi: UnsafeMutablePointer<Lanes>, _ yr: UnsafeMutablePointer<Lanes>, _ yi: UnsafeMutablePointer<Lanes>
    ) {
        let (s, m) = (stage.stride, stage.parts)
        for p in 0..<m {
            let (c, d) = (cosines[stage.factors + p], sines[stage.factors + p])
            for q in 0..<s {
                let (i, o) = (s &* p &+ q, 2 &* s &* p &+ q)
                let (ar, ai, br, bi) = (xr[i], xi[i], xr[i &+ s &* m], xi[i &+ s &* m])
                yr[o] = ar + br
                yi[o] = ai + bi
                let (r, j) = (ar - br, ai - bi)
                yr[o &+ s] = r * c - j * d
                yi[o &+ s] = r * d + j * c
            }
        }
    }

    private func three(
        _ stage: Stage, _ xr: UnsafeMutablePointer<Lanes>, _ xi: UnsafeMutablePointer<Lanes>, _ yr: UnsafeMutablePointer<Lanes>, _ yi: UnsafeMutablePointer<Lanes>
    ) {
        let (s, m) = (stage.stride, stage.parts)
        let height: Float = 0.866_025_403_784_438_6
        for p in 0..<m {
            let (c, d) = (cosines + stage.factors + 2 &* p, sines + stage.factors + 2 &* p)
            let (c1, c2, d1, d2) = (c[0], c[1], d[0], d[1])
            for q in 0..<s {
                let (i, o) = (s &* p &+ q, 3 &* s &* p &+ q)
                let (ar, ai) = (xr[i], xi[i])
                let (br, bi, cr, ci) = (xr[i &+ s &* m], xi[i &+ s &* m], xr[i &+ 2 &* s &* m], xi[i &+ 2 &* s &* m])
                let (sumR, sumI) = (br + cr, bi + ci)
                let (turnedR, turnedI) = ((bi - ci) * height, (cr - br) * height)
                yr[o] = ar + sumR
                yi[o] = ai + sumI
                let (middleR, middleI) = (ar - sumR * 0.5, ai - sumI * 0.5)
                let (r1, j1, r2, j2) = (middleR + turnedR, middleI + turnedI, middleR - turnedR, middleI - turnedI)
                yr[o &+ s] = r1 * c1 - j1 * d1
                yi[o &+ s] = r1 * d1 + j1 * c1
                yr[o &+ 2 &* s] = r2 * c2 - j2 * d2
                yi[o &+ 2 &* s] = r2 * d2 + j2 * c2
            }
        }
    }

    private func five(
        _ stage: Stage, _ xr: UnsafeMutablePointer<Lanes>, _ xi: UnsafeMutablePointer<Lanes>, _ yr: UnsafeMutablePointer<Lanes>, _ yi: UnsafeMutablePointer<Lanes>
    ) {
        let (s, m) = (stage.stride, stage.parts)
        let (k1, k2): (Float, Float) = (0.309_016_994_374_947_4, -0.809_016_994_374_947_4)
        let (h1, h2): (Float, Float) = (0.951_056_516_295_153_5, 0.587_785_252_292_473_1)
        for p in 0..<m {
            let (c, d) = (cosines + stage.factors + 4 &* p, sines + stage.factors + 4 &* p)
            for q in 0..<s {
                let (i, o) = (s &* p &+ q, 5 &* s &* p &+ q)
                let (ar, ai) = (xr[i], xi[i])
                let (br, bi, er, ei) = (xr[i &+ s &* m], xi[i &+ s &* m], xr[i &+ 4 &* s &* m], xi[i &+ 4 &* s &* m])
                let (cr, ci, dr, di) = (xr[i &+ 2 &* s &* m], xi[i &+ 2 &* s &* m], xr[i &+ 3 &* s &* m], xi[i &+ 3 &* s &* m])
                let (p1r, p1i, p2r, p2i) = (br + er, bi + ei, cr + dr, ci + di)
                let (m1r, m1i, m2r, m2i) = (br - er, bi - ei, cr - dr, ci - di)
                yr[o] = ar + p1r + p2r
                yi[o] = ai + p1i + p2i
                let (t1r, t1i) = (ar + p1r * k1 + p2r * k2, ai + p1i * k1 + p2i * k2)
                let (t2r, t2i) = (ar + p1r * k2 + p2r * k1, ai + p1i * k2 + p2i * k1)
                // Minus i times the odd part.
                let (u1r, u1i) = (m1i * h1 + m2i * h2, -(m1r * h1 + m2r * h2))
                let (u2r, u2i) = (m1i * h2 - m2i * h1, m2r * h1 - m1r * h2)
                put(t1r + u1r, t1i + u1i, c[0], d[0], yr, yi, o &+ s)
                put(t2r + u2r, t2i + u2i, c[1], d[1], yr, yi, o &+ 2 &* s)
                put(t2r - u2r, t2i - u2i, c[2], d[2], yr, yi, o &+ 3 &* s)
                put(t1r - u1r, t1i - u1i, c[3], d[3], yr, yi, o &+ 4 &* s)
            }
        }
    }

    @inline(__always)
    private func put(_ r: Lanes, _ j: Lanes, _ c: Float, _ d: Float, _ yr: UnsafeMutablePointer<Lanes>, _ yi: UnsafeMutablePointer<Lanes>, _ o: Int) {
        yr[o] = r * c - j * d
        yi[o] = r * d + j * c
    }
}
