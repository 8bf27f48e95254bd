package expansion

import "testing"

func TestABudgetCountsTheValueOnlyIfItExpands(t *testing.T) {
	t.Parallel()
	const size = 1000
	counted := 0
	b := Budget{CountDistinct: func(any) int { counted++; return size }}
	if !b.Spend(FreeParts) || counted != 0 {
		t.Errorf("counted %d times, though no more than is free was spent", counted)
	}
	if !b.Spend(factor*size) || counted != 1 {
		t.Errorf("refused at 16 times the size; counted %d times", counted)
	}
	if b.Spend(1) || counted != 1 {
		t.Errorf("allowed beyond 16 times the size; counted %d times", counted)
	}
}
