"""What the citizens' two forms, to report and to be told, share: what is posted, what is unfit, the page around."""
