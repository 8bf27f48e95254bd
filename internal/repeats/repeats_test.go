package repeats

import "testing"

func TestAMeterRefusesSixteenTimesAndAMebibyte(t *testing.T) {
	t.Parallel()
	part := new(int)
	for _, size := range []int{1 << 10, 1 << 20} {
		m, at, written := Meter{}, 0, 0
		for !m.TooLong(at) {
			again := m.Begin(part, at)
			if again == (written == 0) {
				t.Fatalf("time %d: written before is %v", written, again)
			}
			at += size
			if again {
				m.End(at)
			}
			written++
		}
		if want := 1 + most + Free/size + 1; written != want {
			t.Errorf("%d bytes were written %d times, want %d", size, written, want)
		}
	}
}

func TestAMeterCountsWhatIsInsideOnce(t *testing.T) {
	t.Parallel()
	m, outer, inner := Meter{}, new(int), new(byte)
	for i := range 2 {
		again := m.Begin(outer, 1000*i)
		if m.Begin(inner, 1000*i+10) {
			t.Error("a part of what is counted already is counted")
		}
		m.Text("a", 1000*i+10, 1000*i+900)
		if again {
			m.End(1000 * (i + 1))
		}
	}
	if m.again != 1000 {
		t.Errorf("%d bytes were written again, want 1000", m.again)
	}
}
